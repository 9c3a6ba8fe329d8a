// A limiter as services in Node have it: INCR, and EXPIRE at the first call of a window.
// Arguments: host and port of Redis, limit, window in seconds. Reads "<id> <calls>" a line, makes so many calls at once, and
// prints how many were admitted, the highest count and the seconds that are left of the window.
import { createInterface } from "node:readline";
import { Redis } from "ioredis";

const [host, port, limit, window] = process.argv.slice(2);
const redis = new Redis({ host, port: Number(port) });

async function call(key) {
  const count = await redis.incr(key);
  if (count === 1) await redis.expire(key, Number(window));
  return count;
}

await redis.ping();
console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const [id, calls] = line.split(" ");
  const key = `rate_limit:${id}`;
  const counts = await Promise.all(Array.from({ length: Number(calls) }, () => call(key)));
  const admitted = counts.filter((n) => n <= Number(limit)).length;
  console.log(admitted, Math.max(...counts), await redis.ttl(key));
}
process.exit(0);
