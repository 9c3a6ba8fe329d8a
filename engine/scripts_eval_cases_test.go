package engine

// scriptCases are cases of the commands themselves.
var scriptCases = map[string]string{
	"eval": `
EVAL
EVAL x
EVAL "return 1"
EVAL "return 1" x
EVAL "return 1" -1
EVAL "return 1" 1
EVAL "return 1" 9223372036854775808
EVAL "return {KEYS[1],KEYS[2],ARGV[1],ARGV[2],#KEYS,#ARGV}" 2 a b c d
EVAL "return {KEYS[1],KEYS[2],ARGV[1],ARGV[2],#KEYS,#ARGV}" 0 c d
EVAL "return ARGV[1]" 0 "\x00\xff\r\n"
EVAL "return #ARGV[1]" 0 ""
EVAL "" 0
EVAL " " 0
EVAL "-- comment" 0
EVAL "return ARGV[1]+1" 0 010
EVAL "return ARGV[1]..ARGV[2]" 0 1 2
EVAL "KEYS[2]='x' return KEYS" 1 a
EVAL "return redis.call('set',KEYS[1],ARGV[1])" 1 k v
EVAL "return redis.call('get',KEYS[1])" 1 k
EVAL "return redis.call('get','k')" 0
eval "return 'lower'" 0
EVAL_RO "return redis.call('get',KEYS[1])" 1 k
EVAL_RO "return redis.call('set',KEYS[1],'x')" 1 k
EVAL_RO "return redis.pcall('set',KEYS[1],'x')" 1 k
EVAL_RO "return redis.call('publish','a','x')" 0
EVAL_RO "return redis.call('ping')" 0
EVAL_RO
EVALSHA
EVALSHA x
EVALSHA abc 0
EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0
EVALSHA ffffffffffffffffffffffffffffffffffffffff x
EVALSHA ffffffffffffffffffffffffffffffffffffffff 0
EVALSHA_RO ffffffffffffffffffffffffffffffffffffffff 0
SCRIPT LOAD "return 1"
EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0
EVALSHA E0E1F9FABFC9D4800C877A703B823AC0578FF8DB 0
EVALSHA_RO e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0
EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db -1
SCRIPT LOAD "x="
SCRIPT LOAD
SCRIPT LOAD a b
SCRIPT EXISTS
SCRIPT EXISTS e0e1f9fabfc9d4800c877a703b823ac0578ff8db abc E0E1F9FABFC9D4800C877A703B823AC0578FF8DB
SCRIPT KILL
SCRIPT KILL x
SCRIPT
SCRIPT NOSUCH
SCRIPT FLUSH x
SCRIPT FLUSH SYNC x
SCRIPT FLUSH ASYNC
SCRIPT EXISTS e0e1f9fabfc9d4800c877a703b823ac0578ff8db
EVAL "return 1" 0
SCRIPT EXISTS e0e1f9fabfc9d4800c877a703b823ac0578ff8db
SCRIPT FLUSH
SCRIPT EXISTS e0e1f9fabfc9d4800c877a703b823ac0578ff8db
COMMAND GETKEYS EVAL "return 1" 2 a b c
COMMAND GETKEYS EVALSHA abc 1 k x
COMMAND GETKEYS EVAL "return 1" 0
COMMAND GETKEYS EVAL "return 1" 5 a
`,
	"shebang": `
EVAL "#!lua" 0
EVAL "#!lua\nreturn 1" 0
EVAL_RO "#!lua\nreturn 1" 0
EVAL "#!lua flags=no-writes\nreturn redis.call('set','a',1)" 0
EVAL "#!lua flags=no-writes\nreturn redis.call('publish','a',1)" 0
EVAL_RO "#!lua flags=no-writes\nreturn redis.call('get','a')" 0
EVAL "#!lua flags=no-writes,allow-oom,allow-stale,no-cluster,allow-cross-slot-keys\nreturn 1" 0
EVAL "#!lua flags=foo\nreturn 1" 0
EVAL "#!lua flags=no-writes,,allow-oom\nreturn 1" 0
EVAL "#!lua foo=1\nreturn 1" 0
EVAL "#!lua flags=\nreturn 1" 0
EVAL "#!python\nreturn 1" 0
EVAL "#!\nreturn 1" 0
EVAL "#!lua flags=no-writes flags=allow-oom\nreturn 1" 0
EVAL "#!lua  \nerror('x')" 0
EVAL "# comment\nreturn 1" 0
SCRIPT LOAD "#!lua name=x\nreturn 1"
`,
	"lines": `
EVAL "local x\nerror('x')" 0
EVAL "local function f()\n error('x') end\n f()" 0
EVAL "local x\n\nredis.call('nosuch')" 0
EVAL "local function f()\n redis.call('nosuch') end\n\nf()" 0
EVAL "\n\nx =" 0
EVAL "local a\nlocal b = a.x" 0
EVAL "local ok, e = pcall(function()\nerror('in')\nend)\nreturn e" 0
EVAL "local t = {}\nt.x = nil + 1" 0
EVAL "error({err='A b',line=7})" 0
EVAL "local s = [[\nx]]\nerror(s)" 0
`,
	"transaction": `
MULTI
EVAL "return redis.call('incr','n')" 0
EVALSHA ffffffffffffffffffffffffffffffffffffffff 0
EVAL "return redis.call('incr','n')" 0
EVAL "error('x')" 0
EXEC
GET n
MULTI
SCRIPT KILL
SCRIPT EXISTS a
EXEC
`,
}
