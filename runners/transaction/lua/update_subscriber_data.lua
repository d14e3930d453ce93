-- KEYS: subscriber, facility   ARGV: id, bit 1, type, data_a
local rows = redis.call('MGET', KEYS[1], KEYS[2])
if not rows[1] or not rows[2] then
  return 0
end
redis.call('MSET', KEYS[1], rows[1]:sub(1, 16) .. ARGV[2] .. rows[1]:sub(18),
  KEYS[2], rows[2]:sub(1, 6) .. ARGV[4] .. rows[2]:sub(10))
return 1
