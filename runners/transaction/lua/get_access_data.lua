-- KEYS: access information
return redis.call('GET', KEYS[1])
