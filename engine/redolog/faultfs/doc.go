// Package faultfs is a directory in memory that loses what a machine may lose, for tests of package redolog.
//
// It models the page cache. A write changes cached pages; a page reaches the disk when the file is synced, or at
// some moment of the kernel's choice before. A crash keeps of the pages that were not synced any subset, and of a
// page any subset of its 512-byte sectors; of changes to the directory and to sizes of files that were not synced
// it keeps any subset too. Calls can be made to fail: writes after a part of them, for lack of space or with an
// I/O error, and fsyncs, after which the pages they should have written are clean but not on disk, as Linux does.
//
// Everything follows from a seed and the order of the calls.
package faultfs
