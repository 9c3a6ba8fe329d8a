// Package luabox runs Lua scripts the way Redis 7.0 does: Lua 5.1 on gopher-lua, with Redis's sandbox, libraries, number
// formats and error texts.
package luabox
