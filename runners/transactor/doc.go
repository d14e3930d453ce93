// Package transactor keeps the data of transactional workloads on a server: it stores them
// before a run and reads them back afterwards. What runs in between is package driver's.
package transactor
