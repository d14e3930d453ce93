-- KEYS: checking   ARGV: account, cents
if redis.call('EXISTS', KEYS[1]) == 0 then
  return redis.error_reply('ABORT no such account')
end
redis.call('INCRBY', KEYS[1], ARGV[2])
return 0
