// A service with express-session and one of the versions of connect-redis.
// Arguments: version, host and port of Redis. Prints the port that it listens on.
// GET /?set=name:text&del=name&do=destroy|regenerate answers with the session's fields as JSON.
import { createRequire } from "node:module";
import express from "express";
import session from "express-session";

const [version, host, port] = process.argv.slice(2);
const require = createRequire(import.meta.url);

let store;
if (version === "9") {
  const { createClient } = await import("redis");
  const { RedisStore } = await import("connect-redis-9");
  const client = createClient({ socket: { host, port: Number(port) } });
  await client.connect();
  store = new RedisStore({ client });
} else {
  const { Redis } = await import("ioredis");
  const client = new Redis({ host, port: Number(port) });
  if (version === "7") {
    const { default: RedisStore } = await import("connect-redis-7");
    store = new RedisStore({ client });
  } else {
    const RedisStore = require("connect-redis-6")(session);
    store = new RedisStore({ client });
  }
}

const app = express();
app.use(session({
  store,
  secret: ["0123456789abcdef0123456789abcdef", "the secret before"],
  resave: false,
  saveUninitialized: false,
  cookie: { maxAge: 3600000, sameSite: "lax" },
}));
app.get("/", (req, res, next) => {
  const answer = () => {
    const set = req.query.set;
    if (set) {
      const [name, ...text] = set.split(":");
      req.session[name] = text.join(":");
    }
    if (req.query.del) delete req.session[req.query.del];
    const { cookie, ...fields } = req.session;
    res.json(fields);
  };
  if (req.query.do === "destroy") return req.session.destroy((err) => (err ? next(err) : res.json({ destroyed: "yes" })));
  if (req.query.do === "regenerate") return req.session.regenerate((err) => (err ? next(err) : answer()));
  answer();
});
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
