-- KEYS: checking of both   ARGV: two accounts, cents
local balances = redis.call('MGET', KEYS[1], KEYS[2])
if not balances[1] or not balances[2] then
  return redis.error_reply('ABORT no such account')
end
if tonumber(balances[1]) < tonumber(ARGV[3]) then
  return redis.error_reply('ABORT insufficient funds')
end
redis.call('DECRBY', KEYS[1], ARGV[3])
redis.call('INCRBY', KEYS[2], ARGV[3])
return 0
