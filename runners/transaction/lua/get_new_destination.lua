-- KEYS: facility, its forwardings from the hours up to the start   ARGV: id, type, start, end
local rows = redis.call('MGET', unpack(KEYS))
local numbers = {}
if rows[1] and rows[1]:sub(1, 1) == '1' then
  for i = 2, #KEYS do
    if rows[i] and tonumber(ARGV[4]) < tonumber(rows[i]:sub(1, 2)) then
      numbers[#numbers + 1] = rows[i]:sub(4)
    end
  end
end
return numbers
