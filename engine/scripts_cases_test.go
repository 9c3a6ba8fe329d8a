package engine

import (
	"strings"
	"testing"
)

// luaCases are scripts, one a line, each run by EVAL without keys. Lines that begin with # are left out.
var luaCases = map[string]string{
	"globals": `
return foo
foo=1
KEYS=1
redis=1
redis.x=1
KEYS[3]=1 return KEYS[3]
string.x=1
rawset(_G,"a",1)
rawset(redis,"a",1)
setmetatable(_G,{})
setmetatable(redis,{})
setmetatable("",{})
getmetatable("").__add=1
return tostring(getmetatable(redis))
return redis.foo
return setfenv
local x; return x.y
local x; x.y=1
return redis.call()
return redis.call("foo")
return redis.call("get")
return redis.call("get",{})
return redis.call({})
return redis.pcall("get")
return redis.pcall()
error("x")
error({err="MY x"})
error({err="MY x",a=1})
error()
local t={} for k,v in pairs(_G) do t[#t+1]=k..":"..type(v) end table.sort(t) return t
local t={} for k,v in pairs(string) do t[#t+1]=k..":"..type(v) end table.sort(t) return t
local t={} for k,v in pairs(table) do t[#t+1]=k..":"..type(v) end table.sort(t) return t
local t={} for k,v in pairs(math) do t[#t+1]=k..":"..type(v) end table.sort(t) return t
local t={} for k,v in pairs(bit) do t[#t+1]=k..":"..type(v) end table.sort(t) return t
local t={} for k,v in pairs(struct) do t[#t+1]=k..":"..type(v) end table.sort(t) return t
local t={} for k,v in pairs(cjson) do t[#t+1]=k..":"..type(v) end table.sort(t) return t
local t={} for k,v in pairs(cmsgpack) do t[#t+1]=k..":"..type(v) end table.sort(t) return t
local t={} for k,v in pairs(redis) do t[#t+1]=k..":"..type(v) end table.sort(t) return t
local t={} for k,v in pairs(coroutine) do t[#t+1]=k..":"..type(v) end table.sort(t) return t
function f() end
local redis=redis return redis.call("ping")
table.insert(redis,1)
table.sort(redis)
table.remove(redis)
return next(redis) ~= nil
return #redis
return redis.call("set","a","1","px")
local b=redis.pcall("get") local t={} for k,v in pairs(b) do t[#t+1]=k.."="..tostring(v) end table.sort(t) return t
local b={xpcall(function() redis.call("get") end, function(e) local t={} for k,v in pairs(e) do t[#t+1]=k.."="..tostring(v) end table.sort(t) return table.concat(t,";") end)} return b
local b={xpcall(function() redis.call("lpush","s","a") end, function(e) local t={} for k,v in pairs(e) do t[#t+1]=k.."="..tostring(v) end table.sort(t) return table.concat(t,";") end)} return b
return redis.error_reply("")
return {redis.error_reply("X a")}
return {err="X a\r\nb"}
return {ok="X a\r\nb"}
return {err="x",ok="y"}
return redis.call("get","s",nil)
return redis.call("get",true)
return redis.call("set","s",1.5) and redis.call("get","s")
return redis.call("set","s",3) and redis.call("get","s")
return redis.call("set","s",0.1) and redis.call("get","s")
return redis.call("set","s",1e15) and redis.call("get","s")
return redis.call("set","s",1e17) and redis.call("get","s")
return redis.call("set","s",1/0) and redis.call("get","s")
return #KEYS
KEYS[1]="a" return KEYS
`,
	"errors": `
error(1.5)
error("x",0)
error("x",2)
local function f() error("deep") end f()
return 1 +
x = = 1
return redis.call("subscribe","a")
return redis.call("lpush","k","a") + 1
redis.call("set","s","1") return redis.call("lpush","s","a")
return {err="ERR a"}
return {err="a b"}
return {err=1}
return {err={}}
return {ok=1}
return redis.error_reply("a b")
return redis.error_reply("-MY b")
return redis.error_reply("")
return redis.error_reply("a")
return redis.error_reply(1)
return redis.error_reply({})
return redis.error_reply()
return redis.status_reply("a")
return {ok="fine"}
local a,b=pcall(redis.call,"lpush","s","a") local t={} for k,v in pairs(b) do t[#t+1]=k.."="..tostring(v) end table.sort(t) return t
local b=redis.pcall("lpush","s","a") local t={} for k,v in pairs(b) do t[#t+1]=k.."="..tostring(v) end table.sort(t) return t
local a,b=pcall(redis.call,"get") local t={} for k,v in pairs(b) do t[#t+1]=k.."="..tostring(v) end table.sort(t) return t
local a,b=pcall(redis.call,"nosuch") local t={} for k,v in pairs(b) do t[#t+1]=k.."="..tostring(v) end table.sort(t) return t
return redis.sha1hex("")
return redis.sha1hex()
return redis.sha1hex("a","b")
return redis.log(1)
return redis.log("a","b")
return redis.log(10,"b")
return redis.log(redis.LOG_DEBUG,"b")
return redis.setresp(4)
return redis.setresp()
return redis.set_repl(9)
return redis.set_repl()
return redis.replicate_commands()
return redis.breakpoint()
return redis.debug("x")
return redis.acl_check_cmd("get","a")
return redis.acl_check_cmd("nosuch")
return redis.acl_check_cmd()
return {redis.REDIS_VERSION,redis.REDIS_VERSION_NUM,redis.LOG_DEBUG,redis.LOG_WARNING,redis.REPL_ALL,redis.REPL_NONE,redis.REPL_AOF,redis.REPL_SLAVE,redis.REPL_REPLICA}
return {_VERSION,cjson._VERSION,cjson._NAME,cmsgpack._VERSION,cmsgpack._NAME,cmsgpack._COPYRIGHT,cmsgpack._DESCRIPTION}
local function f() return f() + 1 end return f()
local function f() return pcall(f) end return f()
local n=0 local function f() n=n+1 local ok,e=pcall(f) if not ok then error(e,0) end end local ok,e=pcall(f) return {n,tostring(e)}
local n=0 local function f() n=n+1 f() end local ok,e=pcall(f) return {n,tostring(e)}
return unpack({},1,8000)
return unpack({},1,7990)
return #{unpack({},1,7990)}
local t={} for i=1,8000 do t[i]=i end return {pcall(unpack,t)}
return string.format("%d %5.1f %s %q %x %c %i %u %e %g %G %o %X %%",3.7,2.25,"a",'a\n"\0b\\',255,65,-3,-3,1.5,1e20,1e-10,8,255)
return string.format("%5s|%-5s|%.2s|%05d|%+d|% d|%#x|%a","a","b","ccc",42,1,1,255,1)
return string.format("%y",1)
return string.format("%d","x")
return string.format("%d")
return string.format("%s",nil)
return string.format("%s",{})
return tostring(1e15)
return {tostring(1e14),tostring(1e15),tostring(1e16),tostring(2^53),tostring(2^63),tostring(-2^63),tostring(1e100),tostring(0.1),tostring(100/3),tostring(1/0),tostring(-1/0),tostring(0/0),tostring(-(0/0)),tostring(1e-5),tostring(123456789012345678)}
return {tonumber("10"),tonumber("0x10"),tonumber("010"),tonumber(" 10 "),tonumber("1e3"),tonumber("12345678901234567890"),tostring(tonumber("")),tostring(tonumber("abc")),tonumber("z",36),tonumber("7",8),tostring(tonumber("8",8)),tonumber("ff",16),tonumber("0xff",16),tostring(tonumber("1 2")),tostring(tonumber("inf")),tostring(tonumber("nan")),tostring(tonumber("0x")),tostring(tonumber("1e")),tostring(tonumber("infinity"))}
return "010"+1
return "0x10"+1
return " 5 "+1
return "abc"+1
return {}..""
return nil..""
return 1 ..2
return -"2"
return -{}
return #5
return 1<"2"
return {}<{}
return nil<1
return {}<1
local t={} t[nil]=1
local t={} t[0/0]=1
for i=1,"x" do end
for i="a",2 do end
for i=1,2,{} do end
local t=5 t()
foo()
local t={} t.x.y=1
local t={} t.x()
local t={} t:x()
local s="x" s:nope()
return ("x"):rep(3)
return ("x").y
return math.floor("3.7")
return math.floor({})
return math.floor()
return math.max()
return math.random(0)
math.randomseed(9) return {math.random(100),math.random(5,100),tostring(math.random())}
math.randomseed(5) return {math.random(100),math.random(100),math.random(1000)}
return table.concat({1,2,{}})
return table.concat({1,2.5,"x"},",")
return {select("#",1,nil,nil),select(2,"a","b"),(select(-1,"a","b"))}
return select(0)
return tostring(1,2)
return tostring()
return type()
return ipairs()
return setmetatable({},5)
return load(5)
return loadstring("return 1")()
return {tostring(loadstring("x =")),select(2,loadstring("x ="))}
return tostring(select(2,loadstring("x =","chunk")))
return tostring(select(2,loadstring("x =","=chunk")))
return tostring(select(2,loadstring("x =","@chunk")))
return collectgarbage("count") > 0
return collectgarbage()
return collectgarbage("nope")
return type(gcinfo())
return {coroutine.resume(coroutine.create(function(a) local b=coroutine.yield(a+1) error("x"..b) end),1)}
local c=coroutine.wrap(function() error("in co") end) c()
local c=coroutine.wrap(function() return redis.call("get","s") end) return c()
return coroutine.yield(1)
return xpcall(function() error("x") end, function(e) return "h:"..e end)
return {xpcall(function() error("x") end, function(e) return "h:"..e end)}
return {pcall(error)}
return {pcall(error,nil)}
return {pcall()}
return pcall(5)
return {pcall(5)}
return getmetatable("").__index == string
return {1,2,nil,4}
return {1,false,true,2.9,"x",{1,{2}}}
return 3.99
return -3.99
return 2^63
return 1e20
return "a"
return true
return false
return nil
return
return function() end
return redis.call
return {function() end}
return {a=1}
return {1,a=2}
return cjson.null
return {double=3.5}
return {map={a=1}}
return {set={a=true}}
return {big_number="123"}
return {verbatim_string={string="x",format="txt"}}
`,
	"values": `
local t={} t[1]=t return t
local t={} t[1]=t return {t,1,2}
return {{{}},{},{1,{}}}
return {1,2,[4]=4}
return {ok="a",err="b"}
return {double=1e20}
return {double="1"}
return {double=1/0}
return {map={}}
return {map={a=1},1}
return {map={[1]={1,2}}}
return {map=1}
return {set={[1]=true}}
return {set={}}
return {set=1}
return {big_number="12\r\n3"}
return {big_number=1}
return {verbatim_string={string="x",format="markdown"}}
return {verbatim_string={string="x"}}
return {verbatim_string={string="a b",format="txt"}}
redis.setresp(3) return {true,false,nil}
redis.setresp(3) return true
redis.setresp(3) return false
redis.setresp(3) return nil
redis.setresp(3) return {double=1.5}
redis.setresp(3) return {map={a=true}}
redis.setresp(3) local r=redis.call("hgetall","nokey") return {type(r.map),next(r.map)==nil}
redis.call("hset","h","f","v") redis.setresp(3) return redis.call("hgetall","h")
redis.setresp(3) return redis.call("hgetall","h").map.f
redis.setresp(2) return redis.call("hgetall","h")
redis.call("sadd","st","a") redis.setresp(3) return redis.call("smembers","st")
redis.setresp(3) return redis.call("smembers","st").set.a
redis.call("zadd","z","1.5","a") redis.setresp(3) return redis.call("zscore","z","a")
redis.setresp(3) return redis.call("zscore","z","a").double
return redis.call("zscore","z","a")
redis.setresp(3) return redis.call("zrange","z",0,-1,"withscores")
return redis.call("zrange","z",0,-1,"withscores")
redis.setresp(3) return redis.call("get","nokey")
redis.setresp(3) return redis.call("get","nokey")==nil
return redis.call("get","nokey")==false
redis.setresp(3) return redis.call("lpop","nokey")
return redis.call("lpop","nokey")
return redis.call("blpop","nokey",0)
redis.setresp(3) return redis.call("blpop","nokey",0)
return redis.call("brpoplpush","nokey","x",0)
return redis.call("ping")
return redis.call("ping").ok
return redis.call("PING","x")
return redis.call("type","h")
return redis.call("type","h").ok
return redis.call("set","s","v").ok
return redis.call("select",1)
redis.call("select",1) redis.call("set","other","1") return redis.call("exists","h")
return redis.call("exists","other")
return redis.call("mget","s","nokey","h")
return redis.call("incr","n")
return redis.call("incrbyfloat","n","1.5")
return redis.pcall("incr","h").err
return redis.pcall("incr","h")
return redis.call("config","get","maxmemory")
return redis.call("config")
return redis.call("object","encoding","s")
return redis.call("object","nosuch")
return redis.call("multi")
return redis.call("exec")
return redis.call("watch","a")
return redis.call("subscribe","a")
return redis.call("eval","return 1","0")
return redis.call("script","flush")
return redis.call("auth","x")
return redis.call("hello")
return redis.call("quit")
return redis.call("monitor")
return redis.call("wait",0,0)
return redis.call("client","id")
return redis.call("publish","c","m")
return redis.call("echo","\0\1\255")
return redis.call("del","h","s","n","z","st")
local a,b=redis.call("ping") return {tostring(b)}
redis.call("set","e","1","px",50000) return redis.call("pttl","e") > 0
`,
	"lua": `
local s="" for i=1,10 do s=s..i end return s
local s=0 for i=10,1,-2 do s=s+i end return s
local t={} for i=1,5 do t[#t+1]=i*i end return t
local function fib(n) if n<2 then return n end return fib(n-1)+fib(n-2) end return fib(15)
local i=0 repeat local j=i i=i+1 until j==4 return i
local i=0 while true do i=i+1 if i>7 then break end end return i
return (function(...) return select("#",...) end)(1,nil,nil)
return (function(...) local a,b=... return {b,a} end)(1,2)
local t=setmetatable({},{__index=function(t,k) return k.."!" end}) return t.a
local t=setmetatable({},{__newindex=function(t,k,v) rawset(t,k,v+1) end}) t.a=1 return t.a
local t=setmetatable({},{__call=function(self,a) return a+1 end}) return t(1)
local t=setmetatable({},{__concat=function(a,b) return "c" end}) return {t.."x","x"..t,t..t,1 ..t}
local t=setmetatable({},{__add=function(a,b) return 7 end,__unm=function() return 8 end}) return {t+1,1+t,-t}
local t=setmetatable({},{__eq=function() return true end}) return t==setmetatable({},getmetatable(t))
local t=setmetatable({},{__lt=function() return true end,__le=function() return false end}) return {t<t,t<=t,t>t}
local t=setmetatable({},{__tostring=function() return "T" end}) return tostring(t)
local t=setmetatable({},{__metatable="no"}) return {getmetatable(t),pcall(setmetatable,t,{})}
local co=coroutine.create(function(a,b) local c=coroutine.yield(a+b) local d,e=coroutine.yield(c*2) return d+e end) return {select(2,coroutine.resume(co,1,2)),select(2,coroutine.resume(co,10)),select(2,coroutine.resume(co,3,4)),coroutine.status(co),(coroutine.resume(co))}
local co=coroutine.create(function() error("x") end) local ok,e=coroutine.resume(co) return {tostring(ok),e,select(2,coroutine.resume(co))}
local g=coroutine.wrap(function() for i=1,3 do coroutine.yield(i) end end) return {g(),g(),g()}
return {pcall(function() return 1,2,3 end)}
return {select(2,pcall(error,"x",0))}
return {select(2,pcall(error,{1,2}))}
local ok,e=pcall(function() local x=nil; return x.y end) return e
local ok,e=pcall(function() local x={} return x.y.z end) return e
local ok,e=pcall(function() return {}+1 end) return e
local ok,e=pcall(function() local a={} return a+1 end) return e
local ok,e=pcall(function() local a="x" return a+1 end) return e
local ok,e=pcall(function() local a="x" return 1+a end) return e
local ok,e=pcall(function() local a={} return a.b+1 end) return e
local ok,e=pcall(function() local a={} return 1+a.b end) return e
local ok,e=pcall(function() local a return "x"..a end) return e
local ok,e=pcall(function() local a={} return "x"..a.b.."y" end) return e
local ok,e=pcall(function() local a={} return a..1 end) return e
local ok,e=pcall(function() local a return #a end) return e
local ok,e=pcall(function() local a return -a end) return e
local ok,e=pcall(function() local a a.b=1 end) return e
local ok,e=pcall(function() local a={} a.b.c=1 end) return e
local ok,e=pcall(function() local a={} a.b.c.d=1 end) return e
local ok,e=pcall(function() string.nope() end) return e
local ok,e=pcall(function() return 1<{} end) return e
local ok,e=pcall(function() return {}<={} end) return e
local ok,e=pcall(function() return "a"<1 end) return e
local up={} local ok,e=pcall(function() return up.a.b end) return e
local up local ok,e=pcall(function() return up.a end) return e
local up local ok,e=pcall(function() up() end) return e
local ok,e=pcall(function() return KEYS[1].x end) return e
local ok,e=pcall(function() return ("x")() end) return e
local ok,e=pcall(function() return (1)[1] end) return e
local t={5,3,9,1} table.sort(t) return t
local t={5,3,9,1} table.sort(t,function(a,b) return a>b end) return t
local t={"b","a","C"} table.sort(t) return t
local t={3,"a"} table.sort(t)
local t={1,2,3} table.insert(t,4) table.insert(t,1,0) return {table.remove(t),table.remove(t,1),unpack(t)}
table.insert({1})
table.insert({1},2,3,4)
table.insert(nil,1)
return table.remove({})
return {table.getn({1,2}),table.maxn({1,2,[10]=1,a=1})}
return table.concat({},",")
return table.concat({1,2,3},",",2,3)
return table.concat({1,2,3},",",2,9)
local s="" table.foreachi({1,2},function(i,v) s=s..i..v end) return s
return table.foreach({1,2},function(i,v) if v==2 then return "found" end end)
return {unpack({1,2,3},2)}
return {unpack({1,2,3},-1,1)}
return {string.byte("abc",1,-1)}
return string.byte("abc",10)
return string.char(72,105)
string.char(256)
return {string.find("hello world","o w"),string.find("hello","l+"),string.find("a.b",".",1,true),string.find("abc","b",-1)}
return {string.find("hello","(l)(l)")}
return {string.find("","")}
return {string.find("abc","",10)}
return {string.find("abc","",4)}
return {string.match("key=val","(%w+)=(%w+)")}
return {string.match("  x  ","^%s*(.-)%s*$")}
return {string.match("2024-01-02","(%d+)-(%d+)-(%d+)")}
return string.match("abc","()b()")
return {string.match("hello","()ll()")}
return {string.gsub("hello","l","L")}
return {string.gsub("hello","l","L",1)}
return {string.gsub("hello","","-")}
return {string.gsub("abc","%w","%0%0")}
return {string.gsub("abc def","(%w+) (%w+)","%2 %1")}
return {string.gsub("hello","(l)",{l="x"})}
return {string.gsub("hello",".",function(c) if c=="l" then return "1" end end)}
return {string.gsub("$name is $age","%$(%w+)",{name="bob",age=7})}
return {string.gsub("abc","b","%")}
return {string.gsub("abc","b","%2")}
return {string.gsub("abc","b",{b={}})}
return {string.gsub("abc","^a","x"),string.gsub("aaa","^a","x")}
local t={} for w in string.gmatch("one two three","%a+") do t[#t+1]=w end return t
local t={} for k,v in string.gmatch("a=1, b=2","(%w+)=(%w+)") do t[#t+1]=k t[#t+1]=v end return t
return string.match("[[x]]","%[%[(.-)%]%]")
return string.match("f(a(b)c)d","%b()")
return {string.find("THE (quick) fox","%((%a+)%)")}
return string.gsub("THE (quick) fox","%f[%a]%a+","w")
return string.match("abcabc","(abc)%1")
return string.match("a-b","[a%-b]+")
return string.match("a]b","[]a]+")
return string.match("x^y","[%^x]+")
return string.match("abc","[^a]+")
return string.match("0x1F","%x+",3)
return string.match("a\0b","%z")
return string.find("abc","[a")
return string.find("abc","%")
return string.find("abc","(a")
return string.find("abc","a)")
return string.find("abc","%1")
return string.find("abc","%f")
return string.find("abc","%b")
return string.rep("ab",3)
return string.rep("ab",-1)
return string.rep("ab",0)
return string.reverse("abc")
return {string.sub("hello",2,3),string.sub("hello",-3),string.sub("hello",2,-2),string.sub("hello",0),string.sub("hello",10),string.sub("hello",3,2)}
return {string.upper("aBc"),string.lower("aBc"),string.len("a\0b"),#"x"}
return {("x"):rep(2),("%d"):format(3),("abc"):upper():lower()}
return string.format("%q","a\nb")
return {string.format("%5d|%-5d|%05d|%+d|%x|%X|%o|%c|%e|%.3f|%g|%s|%10.4s|%%",42,42,42,42,255,255,8,65,1234.5,1.5,0.0001,"x","abcdefgh")}
return string.format("%.20s|%5.1f|%-8.2e|%G",string.rep("x",30),3.14159,12345.678,1e-10)
return string.format("%i",2^31)
return string.format("%d",-2^53)
return string.format("%x",-1)
return string.format("%s %s",1,1.5)
return string.format("%.14g|%.17g|%.3g",0.1,0.1,1234567)
return string.format("%#x %#o",255,8)
return string.format("% d|%+.1f|%08.3f",5,2.55,-3.14159)
return string.format("%123d",1)
return string.format("%-----d",1)
return string.format("%------d",1)
return string.format("%c%c",0,255)
return {math.floor(-1.5),math.ceil(-1.5),math.abs(-2),math.max(1,5,3),math.min(1,5,3),math.fmod(7,3),math.sqrt(16),math.pow(2,10),math.huge==1/0}
return {tostring(math.pi),tostring(math.exp(1)),tostring(math.log(10)),tostring(math.sin(1)),math.modf(3.7)}
return {math.frexp(8),math.ldexp(0.5,4),tostring(math.deg(1)),tostring(math.rad(180)),tostring(math.atan2(1,1))}
return {7%3,-7%3,7%-3,-7%-3,5.5%2,2^10,7/2}
return {1==1.0,"1"==1,1~=2,"a"<"b","Z"<"a","a"<"ab",""<"a"}
return {not nil,not 0,nil and 1,1 and 2,nil or 3,false or nil}
return {tostring(nil),tostring(true),tostring(12),tostring("x")}
return {type(nil),type(1),type("x"),type({}),type(type),type(true)}
return 0x10
return 1e2
return .5 * 4
return 3 .. ""
return 10 .. 20
return 010
return {"\65\066\n\t\"","a\z"}
return [==[a]]b]==]
local a <const> = 1
x = 
return "abc
return [[abc
break
return ...
return }
local x = 5 x = x + 1 return x
local function f(...) return arg and arg.n end return f(1,2,3)
local a,b,c=(function() return 1,2,3 end)() return {a,b,c}
local a={(function() return 1,2 end)(),(function() return 1,2 end)()} return a
local t={n=1,[2]="b","a"} return {t.n,t[1],t[2]}
local t={1,2,3,nil} return #t
local t={1,nil,3} return #t
do local x=1 end return x
return assert(1,2)
assert(false)
assert(nil,"msg")
assert(false,5)
return {rawequal("a","a"),rawget({1},1),#rawset({},1,2)}
return collectgarbage("step")
return {tonumber("  0x1p4  "),tonumber("1e1"),tostring(tonumber("1e")),tonumber(".5"),tonumber("5."),tostring(tonumber("0x")),tostring(tonumber("- 1")),tonumber("-0x10"),tonumber("1_0")}
return {tonumber("11",2),tonumber("zz",36),tonumber("-ff",16),tostring(tonumber("9",8)),tostring(tonumber("",10))}
return tonumber("10",1)
return tonumber("10",99)
return tonumber()
return tonumber({})
return {tostring(2^53),tostring(2^53+1),2^53,tostring(1e14),tostring(123456789012),1e14 .. "",99999999999999 .. ""}
return tostring(-1e15)
return {1/3 .. "",(1/3)*3 .. "",1e300*1e10 .. "",-1e300*1e10 .. ""}
return string.len(1/3)
return table.concat({1/3,1e15,2^53},";")
return {cjson.encode(2^53),cjson.encode(12345678901234567890),cjson.encode(1e14),cjson.encode(123456789)}
return loadstring("return ...")(5)
local f=loadstring("return ARGV") return f()==ARGV
local n=0 local f=load(function() n=n+1 return ({"return ","1+1"})[n] end) return f()
return xpcall(error,function() return "h" end)
return {xpcall(function() error({code=5}) end,function(e) return e.code end)}
return {xpcall(function() local x x() end,function(e) return e end)}
return {xpcall(function() error("a") end,function(e) error("b") end)}
return select("#",pcall(pcall,error))
return {pcall(string.rep)}
return {pcall(string.rep,"x",{})}
return {pcall(("x").rep,"x")}
return {pcall(ipairs)}
return {pcall(setmetatable,1,{})}
local t={} for i,v in ipairs({1,2,nil,4}) do t[i]=v end return t
local t={10,20,30} local s=0 for k,v in pairs(t) do s=s+k*v end return s
local t={a=1,b=2,c=3} local s=0 for k,v in pairs(t) do s=s+v t[k]=nil end return {s,next(t)==nil}
return next({})
return {next({5})}
`,
	"commands": `
local r={} for i=1,5 do r[i]=redis.call("rpush","l",i) end return r
return redis.call("lrange","l",0,-1)
return redis.call("lpush","l",unpack({"a","b","c"}))
return redis.call("sort","l","alpha")
for i=1,10 do redis.call("set","k"..i,i) end return redis.call("mget","k1","k5","k10")
return redis.call("dbsize")
local v=redis.call("get","k1") redis.call("set","k1",v+1) return redis.call("get","k1")
redis.call("set","k1","x") return redis.call("incr","k1")
redis.call("set","before","1") redis.call("nosuch") redis.call("set","after","1")
return {redis.call("exists","before"),redis.call("exists","after")}
local ok,e=pcall(redis.call,"lpush","before","x") return e
local e=redis.pcall("lpush","before","x") return e.err
return redis.call("append","app",redis.sha1hex("x"))
return redis.call("expire","app",100)
return redis.call("flushall")
return redis.call("keys","*")
`,
	"cjson": `
return cjson.encode({1,2,3,{},"a/b\"\n\127\1",1.5,1e20,true,cjson.null})
return cjson.encode({a=1})
return cjson.encode({[1]=1,[3]=3})
return cjson.encode({[1]=1,[30]=3})
return cjson.encode({[1.5]=1})
return cjson.encode({[-1]=1})
return cjson.encode({[true]=1})
return cjson.encode(print)
return cjson.encode(1/0)
return cjson.encode(nil)
return cjson.encode()
return cjson.encode(1,2)
return cjson.encode("a")
return cjson.encode(tostring)
return cjson.decode("")
return cjson.decode("{")
return cjson.decode("[1,]")
return cjson.decode("[1")
return cjson.decode("{\"a\"}")
return cjson.decode("{\"a\":1,}")
return cjson.decode("{1:1}")
return cjson.decode("nul")
return cjson.decode("1 2")
return cjson.decode("\"abc")
return cjson.decode("\"a\\qb\"")
return cjson.decode("\"a\\u12g4b\"")
return cjson.decode("\"a\\ud800b\"")
return cjson.decode("\"\\ud83d\\ude00\\u00e9\\n\"")
return cjson.decode("[1,2.5,\"x\",true,false,null,{\"a\":[]}]")
return tostring(cjson.decode("1e400"))
return tostring(cjson.decode("nan"))
return tostring(cjson.decode("0x10"))
return tostring(cjson.decode("-Infinity"))
return cjson.decode("01")
return cjson.decode("-")
return cjson.decode("1.")
return cjson.decode(5)
return cjson.decode({})
return cjson.decode()
return cjson.decode(string.rep("[",1001))
local t={} for i=1,1001 do t={t} end return cjson.encode(t)
return cjson.encode(0.1)
return cjson.encode(-0)
return {cjson.encode_sparse_array()}
return {tostring(cjson.encode_sparse_array(true,1,5)),cjson.encode({[30]=3}),tostring(cjson.encode_sparse_array(false,2,10))}
return {cjson.encode_max_depth(),cjson.decode_max_depth(),cjson.encode_number_precision(),tostring(cjson.encode_keep_buffer()),tostring(cjson.encode_invalid_numbers()),tostring(cjson.decode_invalid_numbers())}
return cjson.encode_max_depth(0)
return cjson.encode_number_precision(20)
return {cjson.encode_number_precision(3),cjson.encode(1/3),cjson.encode_number_precision(14)}
return cjson.encode(1/3)
return cjson.encode_invalid_numbers("x")
return {cjson.encode_invalid_numbers("null"),cjson.encode(1/0),cjson.encode_invalid_numbers(false)}
return cjson.new().encode({1})
return tostring(cjson.null)
return type(cjson.null)
`,
	"packed": `
return cmsgpack.pack(1,-1,127,128,-32,-33,255,256,65535,65536,4294967295,4294967296,-128,-129,-32768,-32769,-2147483648,-2147483649)
return cmsgpack.pack(1.5,0.1,true,false,nil,"a",{},{1,2},{a=1},{[1]=1,[3]=1},1e20,2^63,1/0)
return cmsgpack.pack()
return cmsgpack.pack(string.rep("a",32))
return {cmsgpack.unpack(cmsgpack.pack(1,1.5,"x",true,{1,{2}}))}
return cmsgpack.unpack("")
return cmsgpack.unpack()
return cmsgpack.unpack("\217")
return cmsgpack.unpack("\193")
return {cmsgpack.unpack_one(cmsgpack.pack(1,2,3))}
return {cmsgpack.unpack_one(cmsgpack.pack(1,2,3),1)}
return {cmsgpack.unpack_limit(cmsgpack.pack(1,2,3),2)}
return {cmsgpack.unpack_limit(cmsgpack.pack(1,2,3),5,1)}
return {cmsgpack.unpack_limit(cmsgpack.pack(1,2,3),0)}
return {cmsgpack.unpack_limit(cmsgpack.pack(1,2,3),-1)}
return {cmsgpack.unpack_one(cmsgpack.pack(1,2,3),9)}
return {cmsgpack.unpack_one(cmsgpack.pack(1,2,3),-1)}
return cmsgpack.pack(function() end)
local t={1} for i=1,20 do t={t} end return cmsgpack.pack(t)
return struct.pack("<bBhHiIlL",-1,255,-2,65535,-3,4,-5,6)
return struct.pack(">i4 I2 f d",1,2,1.5,2.5)
return struct.pack("s c3 c0x","ab","cdef","q")
return {struct.unpack("<bBhH",struct.pack("<bBhH",-1,255,-2,65535))}
return {struct.unpack("s",struct.pack("s","ab"))}
return {struct.unpack(">I2c0",struct.pack(">I2c0",3,"abc"))}
return {struct.unpack("c2","abcdef",3)}
return struct.size("<i4d!8bi8")
return struct.size("s")
return struct.size("y")
return struct.pack("i33",1)
return struct.pack("i3",1)
return struct.pack("!3i",1)
return struct.pack("c5","ab")
return {struct.unpack("i4","ab")}
return {struct.unpack("s","ab")}
return {struct.unpack("i","abcd",-1)}
return struct.pack("i","x")
return struct.pack("f",1,2)
return struct.pack("T",5)
return {bit.tobit(2^32+5),bit.bnot(0),bit.band(255,15,7),bit.bor(1,2,4),bit.bxor(1,3),bit.lshift(1,31),bit.rshift(-1,28),bit.arshift(-16,2),bit.rol(1,33),bit.ror(1,1),bit.bswap(1),bit.tohex(255),bit.tohex(255,-4),bit.tohex(1,2),bit.tobit(1.5),bit.tobit(2.5),bit.tobit(-0.5)}
return bit.band()
return bit.band("x")
return bit.tobit("0xff")
return bit.tobit(1e30)
`,
}

// TestScriptCases compares scripts with a server: the library, Redis's functions, and what replies become.
func TestScriptCases(t *testing.T) {
	groups := map[string]string{}
	for name, list := range luaCases {
		var lines strings.Builder
		for line := range strings.Lines(list) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				lines.WriteString("EVAL '" + strings.ReplaceAll(line, "'", `\'`) + "' 0\n")
			}
		}
		groups[name] = lines.String()
	}
	for name, lines := range scriptCases {
		groups[name] = lines
	}
	testCases(t, groups)
}
