-- KEYS: savings and checking of the first account, checking of the second
local balances = redis.call('MGET', KEYS[1], KEYS[2], KEYS[3])
if not balances[1] or not balances[2] or not balances[3] then
  return redis.error_reply('ABORT no such account')
end
redis.call('MSET', KEYS[1], 0, KEYS[2], 0)
redis.call('INCRBY', KEYS[3], balances[1])
redis.call('INCRBY', KEYS[3], balances[2])
return 0
