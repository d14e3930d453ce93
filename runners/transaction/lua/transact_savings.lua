-- KEYS: savings   ARGV: account, cents
local savings = redis.call('GET', KEYS[1])
if not savings then
  return redis.error_reply('ABORT no such account')
end
if savings + ARGV[2] < 0 then
  return redis.error_reply('ABORT insufficient funds')
end
redis.call('INCRBY', KEYS[1], ARGV[2])
return 0
