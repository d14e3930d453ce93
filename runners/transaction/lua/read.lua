-- KEYS: record
return redis.call('GET', KEYS[1])
