-- KEYS: telephone number, subscriber   ARGV: telephone number, location
local id = redis.call('GET', KEYS[1])
local key = id and 't:s:' .. id
local row = key and redis.call('GET', key)
if not row then
  return 0
end
redis.call('SET', key, row:sub(1, -11) .. ARGV[2])
return 1
