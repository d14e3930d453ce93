// Package results defines what one benchmark run leaves behind: a run directory
// holding run.json (this schema) and one HdrHistogram log per trial.
//
// The schema is versioned. A reader refuses a version it does not know, so an old
// figure is never drawn from data it misreads.
package results

// SchemaVersion is written to every run.json; it grows when a field changes meaning.
const SchemaVersion = 1
