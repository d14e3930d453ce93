package results_test

import (
	"encoding/json"
	"flag"
	"reflect"
	"testing"

	"bpfdb/internal/jsonschema"
	"bpfdb/plots/plottest"
	"bpfdb/results"
)

var rewrite = flag.Bool("rewrite", false, "write the schema files instead of comparing with them")

// The schema files are what the types say, and documents keep to them.
func TestSchemaFiles(t *testing.T) {
	for _, c := range []struct {
		path     string
		kind     reflect.Type
		document any
	}{
		{"run.schema.json", reflect.TypeFor[results.Run](), run()},
		{"run.schema.json", reflect.TypeFor[results.Run](), plottest.Run(2)},
		{"engine.schema.json", reflect.TypeFor[results.EngineRun](), plottest.EngineRun()},
		{"trial.schema.json", reflect.TypeFor[results.TrialLine](), results.Lines(plottest.Run(1))[0]},
	} {
		schema, err := jsonschema.CompareFile(c.path, c.kind, *rewrite, ".")
		if err != nil {
			t.Error(err)
			continue
		}
		text, err := json.Marshal(c.document)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Check(text); err != nil {
			t.Errorf("%s: %v", c.path, err)
		}
	}
}
