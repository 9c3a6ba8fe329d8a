// Tries an engine with ioredis: node ioredis.mjs HOST PORT PASSWORD. It fails with the first thing that is not as it should be.
import assert from "node:assert/strict";
import { once } from "node:events";
import { Redis } from "ioredis";

const [host, port, password] = process.argv.slice(2);
const open = (options = {}) => new Redis({ host, port: Number(port), password, connectionName: "tester", maxRetriesPerRequest: 0, ...options });
const redis = open();

// Values and errors.
assert.equal(await redis.set("k", "v", "PX", 60000, "NX"), "OK");
assert.equal(await redis.set("k", "w", "NX"), null);
assert.equal(await redis.get("k"), "v");
assert.deepEqual(await redis.getBuffer("k"), Buffer.from("v"));
assert.ok((await redis.pttl("k")) > 0);
await assert.rejects(redis.lpush("k", "x"), { message: /^WRONGTYPE / });
await assert.rejects(redis.call("NOSUCH", "a"), { message: "ERR unknown command 'NOSUCH', with args beginning with: 'a' " });
const bytes = Buffer.from([0, 13, 10, 255]);
await redis.set(bytes, bytes);
assert.deepEqual(await redis.getBuffer(bytes), bytes);
await redis.hset("h", { f: 1, g: "two" });
assert.deepEqual(await redis.hgetall("h"), { f: "1", g: "two" });
await redis.zadd("z", 1.5, "a", 2, "b");
assert.deepEqual(await redis.zrange("z", 0, -1, "WITHSCORES"), ["a", "1.5", "b", "2"]);
assert.equal(await redis.client("GETNAME"), "tester");
assert.match(await redis.info(), /redis_version:7\.0/);

// Pipelines and transactions.
const pipeline = redis.pipeline();
for (let i = 0; i < 5000; i++) pipeline.incr("n");
const counted = await pipeline.exec();
assert.deepEqual(counted.at(-1), [null, 5000]);
assert.deepEqual(await redis.multi().set("m", "1").incr("m").lpush("m", "x").exec().then((all) => all.map(([error, reply]) => error?.message ?? reply)),
  ["OK", 2, "WRONGTYPE Operation against a key holding the wrong kind of value"]);
await redis.watch("m");
const other = open({ enableAutoPipelining: true });
await Promise.all(Array.from({ length: 200 }, () => other.incr("m")));
assert.equal(await redis.multi().set("m", "0").exec(), null);
assert.equal(await redis.get("m"), "202");

// Scripts: EVALSHA, and EVAL where it is not known yet.
redis.defineCommand("addTo", { numberOfKeys: 1, lua: "return {redis.call('INCRBY', KEYS[1], ARGV[1]), cjson.encode({key = KEYS[1]})}" });
assert.deepEqual(await redis.addTo("sum", 7), [7, '{"key":"sum"}']);
assert.deepEqual(await redis.addTo("sum", 7), [14, '{"key":"sum"}']);
await assert.rejects(redis.eval("return redis.call('LPUSH', KEYS[1], 1)", 1, "sum"), { message: /^WRONGTYPE / });

// Waiting, for a list and in a group of a stream.
const popped = other.blpop("list-a", "list-b", 60);
await redis.rpush("list-b", "job");
assert.deepEqual(await popped, ["list-b", "job"]);
await redis.xgroup("CREATE", "stream", "group", "$", "MKSTREAM");
const read = other.xreadgroup("GROUP", "group", "anna", "COUNT", 10, "BLOCK", 60000, "STREAMS", "stream", ">");
const id = await redis.xadd("stream", "*", "f", "v");
assert.deepEqual(await read, [["stream", [[id, ["f", "v"]]]]]);
assert.deepEqual(await redis.xpending("stream", "group"), [1, id, id, [["anna", "1"]]]);
assert.deepEqual(await redis.xautoclaim("stream", "group", "bert", 0, "0"), ["0-0", [[id, ["f", "v"]]], []]);
assert.equal(await redis.xack("stream", "group", id), 1);

// Messages, by channel, pattern and shard; a subscriber in version 2 may say little else.
const subscriber = open();
assert.equal(await subscriber.subscribe("news"), 1);
assert.equal(await subscriber.psubscribe("n?ws"), 2);
const message = once(subscriber, "message");
const matched = once(subscriber, "pmessage");
assert.equal(await redis.publish("news", "first"), 2);
assert.deepEqual(await message, ["news", "first"]);
assert.deepEqual(await matched, ["n?ws", "news", "first"]);
assert.equal(await subscriber.ssubscribe("shard"), 1);
const sharded = once(subscriber, "smessage");
assert.equal(await redis.spublish("shard", "x"), 1);
assert.deepEqual(await sharded, ["shard", "x"]);
await subscriber.unsubscribe("news");
await subscriber.punsubscribe("n?ws");
await subscriber.sunsubscribe("shard");
assert.equal(await subscriber.get("k"), "v");

// MONITOR.
const monitor = await other.monitor();
const seen = once(monitor, "monitor");
await redis.echo("seen");
assert.deepEqual((await seen)[1], ["echo", "seen"]);
monitor.disconnect();

// A walk over the keys.
await redis.mset(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`walk:${i}`, i])));
const keys = new Set();
for await (const some of redis.scanStream({ match: "walk:*", count: 100 })) some.forEach((key) => keys.add(key));
assert.equal(keys.size, 1000);

// A connection that is cut comes back by itself, with its subscription.
await subscriber.subscribe("again");
const back = once(subscriber, "ready");
await redis.client("KILL", "TYPE", "pubsub");
await back;
while ((await redis.publish("again", "still")) === 0);

await Promise.all([redis, other, subscriber].map((client) => client.quit()));
