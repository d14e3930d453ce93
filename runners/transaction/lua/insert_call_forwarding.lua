-- KEYS: telephone number, facility, forwarding   ARGV: telephone number, type, start, end, target
local id = redis.call('GET', KEYS[1])
if not id or redis.call('EXISTS', 't:f:' .. id .. ':' .. ARGV[2]) == 0 then
  return 0
end
local row = string.format('%02d,%s', ARGV[4], ARGV[5])
return redis.call('SETNX', 't:w:' .. id .. ':' .. ARGV[2] .. ':' .. ARGV[3], row)
