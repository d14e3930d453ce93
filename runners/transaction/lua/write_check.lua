-- KEYS: savings, checking   ARGV: account, cents
local balances = redis.call('MGET', KEYS[1], KEYS[2])
if not balances[1] or not balances[2] then
  return redis.error_reply('ABORT no such account')
end
local penalty = 0
if balances[1] + balances[2] < tonumber(ARGV[2]) then
  penalty = 100
end
redis.call('DECRBY', KEYS[2], ARGV[2] + penalty)
return penalty
