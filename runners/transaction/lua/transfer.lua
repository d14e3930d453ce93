-- KEYS: the record that pays, the record that receives
local cash = redis.call('MGET', KEYS[1], KEYS[2])
if not cash[1] or not cash[2] then
  return redis.error_reply('ERR a record was lost')
end
if tonumber(cash[1]) < 1 then
  return 0
end
redis.call('DECR', KEYS[1])
redis.call('INCR', KEYS[2])
return 1
