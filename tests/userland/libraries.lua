-- SPDX-License-Identifier: Apache-2.0
-- Uses every library of Lua; what is printed is the same on every Linux.
local folder = arg[1]

local function show(name, ...)
	local parts = table.pack(...)
	for i = 1, parts.n do parts[i] = tostring(parts[i]) end
	print(name .. ": " .. table.concat(parts, " | "))
end

-- string
show("format", string.format("%5d|%-6s|%08.3f|%x|%q", 42, "ab", math.pi, 255, "a\nb"))
show("find", ("hello world"):find("o w"), ("key = value"):match("^(%w+)%s*=%s*(%w+)$"))
show("gsub", ("hello"):gsub("l", { l = "L" }), ("abc"):gsub("%w", "%0%0"), ("x y z"):gsub("%s", "", 1))
local words = {}
for word in ("the quick brown fox"):gmatch("%a+") do words[#words + 1] = word:upper() end
show("gmatch", table.unpack(words))
show("bytes", ("ABC"):byte(1, -1), string.char(72, 105), ("ab"):rep(3, "-"), ("abc"):reverse(), #"\u{20AC}")
show("pack", string.unpack("<i4 s2 z d", string.pack("<i4 s2 z d", -7, "two", "zero", 0.5)))

-- table, closures, metatables
local list = { 5, 2, 8, 1 }
table.sort(list, function(a, b) return a > b end)
table.insert(list, 2, 99)
show("sort", table.concat(list, ","), table.remove(list), #list, table.unpack(table.move({ 1, 2, 3 }, 1, 3, 2)))
local Vector = {}
Vector.__index = Vector
Vector.__add = function(a, b) return setmetatable({ x = a.x + b.x }, Vector) end
Vector.__tostring = function(v) return "<" .. v.x .. ">" end
Vector.__eq = function(a, b) return a.x == b.x end
Vector.__call = function(v, n) return v.x * n end
local v = setmetatable({ x = 3 }, Vector)
show("metatables", v + v, v == setmetatable({ x = 3 }, Vector), v(5), rawequal(v, v), rawlen({ 1, 2 }))
local function counter() local n = 0 return function() n = n + 1 return n end end
local c = counter() c()
show("closures", c(), c())

-- math and integers
show("math", math.floor(-3.5), math.ceil(3.2), math.max(3, 9, 2), math.fmod(7, 3), 7 // 2, -7 // 2, -7 % 3, 2 ^ 10)
show("integers", math.maxinteger, math.mininteger, math.maxinteger + 1 == math.mininteger, 5 // 0.0, 3 | 4, ~0, 1 << 62)
show("floats", string.format("%.10f %.10f %.10f", math.sin(1), math.exp(1), math.log(10)), math.type(1), math.type(1.0))
show("convert", tonumber("0x1F"), tonumber("z", 36), tonumber("1e3"), tonumber("junk"), math.tointeger(3.0))
math.randomseed(42)
local r = math.random(1, 10)
show("random", r >= 1 and r <= 10)

-- coroutines, errors, goto
local co = coroutine.wrap(function(a)
	for i = 1, 3 do a = coroutine.yield(a * i) end
	return "done"
end)
show("coroutines", co(2), co(3), co(4), co(5))
show("pcall", pcall(error, { code = 7 }), select("#", pcall(function() return 1, 2, 3 end)))
show("error", select(2, pcall(function() error("text", 0) end)), pcall(function() local x = nil; return x.y end))
show("xpcall", xpcall(function() error("deep", 0) end, function(m) return "handled " .. m end))
local ok, message = pcall(function() local function f() return 1 + f() end return f() end)
show("overflow", ok, message:match("stack overflow"))
do local closed <close> = setmetatable({}, { __close = function() show("close", "ran") end }) end
for i = 1, 3 do if i == 2 then goto skip end io.write(i, " ") ::skip:: end
print()

-- utf8, load, debug
show("utf8", utf8.char(72, 228, 8364), utf8.len("häß€"), utf8.codepoint("€"), utf8.offset("aä€", 3))
show("load", load("local a = ... return a * 2")(21), load("syntax error here"))
show("debug", debug.getinfo(1, "S").what, debug.traceback("t", 1):match("^t\n"))

-- garbage
collectgarbage()
local before = collectgarbage("count")
do local big = {} for i = 1, 50000 do big[i] = { i } end end
collectgarbage()
show("garbage", collectgarbage("count") < before + 200)
local weak = setmetatable({}, { __mode = "k" })
weak[{}] = 1
collectgarbage()
show("weak", next(weak))

-- io and os
local path = folder .. "/lua-file"
local file = assert(io.open(path, "w"))
file:write("line one\n", 2, " ", 3.5, "\nlast"):close()
for line in io.lines(path) do io.write("[", line, "]") end
print()
file = io.open(path, "r+")
show("io", file:read("l", "n", "n", "l", "a"), file:seek("set", 5), file:read(3), file:seek("end"), file:read(1))
file:setvbuf("full", 1024)
file:close()
show("io-errors", io.open(folder .. "/absent/x"), io.type(file), pcall(file.read, file))
local pipe = io.popen("echo from popen; exit 3")
show("popen", pipe:read("a"), pipe:close())
show("execute", os.execute("exit 5"), os.execute("kill -9 $$"))
show("os", os.rename(path, path .. "2"), os.remove(path .. "2"), os.remove(path), os.getenv("HOME"), os.getenv("NONE"))
show("time", os.time({ year = 2024, month = 2, day = 29, hour = 12 }),
	os.date("!%Y-%m-%d %H:%M:%S", 86400), os.clock() >= 0)
local name = os.tmpname()
show("tmpname", io.open(name) ~= nil, os.remove(name))
package.preload.mine = function(n) return { name = n } end
show("require", require("mine").name, pcall(require, "no.such.module") == false)
os.exit(4, true)
