// Package trace reads recorded requests of production caches and turns them into operations
// that can be replayed against a server, with the reply each of them must get.
//
// The format is that of the traces Twitter published of its cache clusters (Yang, Yue and
// Vinayak, "A large scale analysis of hundreds of in-memory cache clusters at Twitter",
// OSDI'20; https://github.com/twitter/cache-trace): text, a request a line, seven fields
// between commas:
//
//	timestamp in s, key, key size, value size, client, operation, TTL in s
//
// Like its parent the package opens no file and reads no clock. Synthetic makes traces of the
// format that are as good as recorded ones for trying things out, and can be shipped.
//
// # What a replay keeps of a trace
//
// Keys, sizes of values, order and times. All requests on one key go over one connection, in
// the order of the trace, so what a key holds at any moment follows from the trace alone: New
// works it out beforehand, and a driver can check every reply, misses included. Which client
// of the cache sent a request is not kept, as several share keys.
//
// # What it does not keep
//
// Operations is the table of what stands for what, and says where a command does less or more
// than memcached's. Report counts what was left out or changed in the trace at hand:
//
//   - times to live are ignored, as one of the systems we compare has no expiry;
//   - values beyond 64 KiB are cut, requests on keys beyond 512 bytes and the operations
//     without a command are skipped;
//   - timestamps are whole seconds: the requests of one are spread evenly over it.
//
// A trace begins with a cache that is warm, of which it says nothing. A key is loaded
// beforehand if the first request on it shows that there was a value: a get with a value size,
// a replace, a cas, an incr or a decr. All others begin without one.
package trace
