// Tries an engine with node-redis, version 3 of the protocol and the client's cache: node noderedis.mjs HOST PORT PASSWORD.
import assert from "node:assert/strict";
import { BasicClientSideCache, createClient, defineScript } from "redis";

const [host, port, password] = process.argv.slice(2);
const fail = (error) => { throw error; };
const scripts = {
  addTo: defineScript({
    SCRIPT: "return redis.call('INCRBY', KEYS[1], ARGV[1])",
    NUMBER_OF_KEYS: 1,
    parseCommand(parser, key, by) { parser.pushKey(key); parser.push(by.toString()); },
    transformReply: undefined,
  }),
};
const open = (options = {}) => createClient({ unstableResp3: true, socket: { host, port: Number(port) }, password, scripts, ...options }).on("error", fail).connect();

for (const RESP of [2, 3]) {
  const redis = await open({ RESP, name: "tester" });
  const key = (name) => `${RESP}:${name}`;
  assert.equal(await redis.set(key("k"), "v", { expiration: { type: "PX", value: 60000 } }), "OK");
  assert.equal(await redis.get(key("k")), "v");
  await assert.rejects(redis.lPush(key("k"), "x"), /^Error: WRONGTYPE /);
  await redis.hSet(key("h"), { f: "1", g: "two" });
  assert.deepEqual({ ...(await redis.hGetAll(key("h"))) }, { f: "1", g: "two" });
  await redis.zAdd(key("z"), [{ score: 1.5, value: "a" }, { score: 2, value: "b" }]);
  assert.deepEqual((await redis.zRangeWithScores(key("z"), 0, -1)).map(({ value, score }) => [value, score]), [["a", 1.5], ["b", 2]]);
  assert.equal(await redis.zScore(key("z"), "a"), 1.5);

  // Commands of one tick are a pipeline.
  const counted = await Promise.all(Array.from({ length: 5000 }, () => redis.incr(key("n"))));
  assert.equal(counted.at(-1), 5000);
  assert.deepEqual(await redis.multi().set(key("m"), "1").incr(key("m")).exec(), ["OK", 2]);
  assert.equal(await redis.addTo(key("sum"), 7), 7);
  assert.equal(await redis.addTo(key("sum"), 7), 14);

  const other = await redis.duplicate().on("error", fail).connect();
  const popped = other.blPop(key("list"), 60);
  await redis.rPush(key("list"), "job");
  assert.deepEqual({ ...(await popped) }, { key: key("list"), element: "job" });
  await redis.xGroupCreate(key("stream"), "group", "$", { MKSTREAM: true });
  const read = other.xReadGroup("group", "anna", { key: key("stream"), id: ">" }, { BLOCK: 60000 });
  const id = await redis.xAdd(key("stream"), "*", { f: "v" });
  assert.ok(JSON.stringify(await read).includes(id));
  assert.equal((await redis.xPending(key("stream"), "group")).pending, 1);
  assert.equal(await redis.xAck(key("stream"), "group", id), 1);

  const subscriber = await redis.duplicate().on("error", fail).connect();
  const heard = new Promise((done) => subscriber.subscribe(key("news"), (message, channel) => done([message, channel])));
  while ((await redis.publish(key("news"), "first")) === 0);
  assert.deepEqual(await heard, ["first", key("news")]);

  const keys = [];
  for await (const some of redis.scanIterator({ MATCH: `${RESP}:*` })) keys.push(...some);
  assert.equal(new Set(keys).size, 7);
  await Promise.all([redis, other, subscriber].map((client) => client.close()));
}

// The client keeps what it read and is told of changes.
const cache = new BasicClientSideCache({ recordStats: true });
const reader = await open({ RESP: 3, clientSideCache: cache });
const writer = await open();
await writer.set("cached", "1");
assert.equal(await reader.get("cached"), "1");
assert.equal(await reader.get("cached"), "1");
assert.equal(cache.stats().hitCount, 1);
const told = new Promise((done) => cache.once("invalidate", done));
await writer.set("cached", "2");
assert.equal((await told).toString(), "cached");
assert.equal(await reader.get("cached"), "2");
await Promise.all([reader, writer].map((client) => client.close()));
