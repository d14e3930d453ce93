-- KEYS: savings, checking
local balances = redis.call('MGET', KEYS[1], KEYS[2])
if not balances[1] or not balances[2] then
  return redis.error_reply('ABORT no such account')
end
return balances[1] + balances[2]
