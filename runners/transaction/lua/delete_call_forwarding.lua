-- KEYS: telephone number, forwarding   ARGV: telephone number, type, start
local id = redis.call('GET', KEYS[1])
if not id then
  return 0
end
return redis.call('DEL', 't:w:' .. id .. ':' .. ARGV[2] .. ':' .. ARGV[3])
