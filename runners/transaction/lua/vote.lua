-- KEYS: contestant, area, phone, vote, total   ARGV: vote, phone, contestant, limit
if redis.call('EXISTS', KEYS[1]) == 0 then
  return redis.error_reply('ABORT invalid contestant')
end
if tonumber(redis.call('GET', KEYS[3]) or 0) >= tonumber(ARGV[4]) then
  return redis.error_reply('ABORT vote limit reached')
end
local state = redis.call('GET', KEYS[2]) or 'XX'
redis.call('SET', KEYS[4], ARGV[2] .. ',' .. state .. ',' .. ARGV[3])
redis.call('INCR', KEYS[3])
redis.call('INCR', 'v:t:' .. ARGV[3] .. ':' .. state)
return 0
