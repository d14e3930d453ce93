package gate

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"bpfdb/results"
	"bpfdb/runners/stats"
)

// NoiseSchemaVersion is written to every noise file; it grows when a field changes meaning.
const NoiseSchemaVersion = 1

// noiseShare of all blocks between equal builds stay within the least effect.
const noiseShare = 0.95

// ErrOtherNoise means that stored noise is of another machine, spec or version.
var ErrOtherNoise = errors.New("noise does not fit")

// Noise is what a machine shows between two equal builds: an A/A run.
type Noise struct {
	SchemaVersion int       `json:"schema_version"`
	Measured      time.Time `json:"measured"`
	Kernel        string    `json:"kernel"`
	CPUModel      string    `json:"cpu_model"`
	CPUs          int       `json:"cpus"`
	GitCommit     string    `json:"git_commit"`
	SpecSHA256    string    `json:"spec_sha256"`
	Rounds        int       `json:"rounds"` // of the blocks that LeastEffect speaks of
	Points        []Point   `json:"points"`
}

// Point is the noise of one test.
type Point struct {
	Cell   string `json:"cell"`
	Metric string `json:"metric"`
	// Sigma is the spread of ln(head/base) from round to round: 1.4826 times the median
	// absolute deviation, which is the standard deviation of a normal law.
	Sigma float64 `json:"sigma_ln"`
	// LeastEffect bounds the median of a block of Rounds, either way, in 95 % of blocks.
	LeastEffect float64 `json:"least_effect"`
}

// NewNoise summarises an A/A block for blocks of so many rounds.
func NewNoise(tests []Test, rounds int, environment results.Environment, specSHA256 string) *Noise {
	n := &Noise{
		SchemaVersion: NoiseSchemaVersion, Measured: time.Now().UTC(),
		Kernel: environment.Kernel, CPUModel: environment.CPUModel, CPUs: environment.CPUs,
		GitCommit: environment.GitCommit, SpecSHA256: specSHA256, Rounds: rounds,
	}
	for i, t := range tests {
		n.Points = append(n.Points, Point{t.Cell, t.Metric, sigma(t.Worse), blockEffect(t.Worse, rounds, uint64(i))})
	}
	return n
}

func sigma(xs []float64) float64 {
	middle := stats.Median(xs)
	deviations := make([]float64, len(xs))
	for i, x := range xs {
		deviations[i] = math.Abs(x - middle)
	}
	return 1.4826 * stats.Median(deviations)
}

// blockEffect draws blocks from the rounds seen, with either sign, as the two builds are
// equal, and takes the size that noiseShare of their medians stay within.
func blockEffect(xs []float64, rounds int, seed uint64) float64 {
	const blocks = 4_000
	random := rand.New(rand.NewPCG(seed, uint64(rounds)))
	sizes := make([]float64, blocks)
	block := make([]float64, rounds)
	for i := range sizes {
		for j := range block {
			block[j] = xs[random.IntN(len(xs))]
			if random.IntN(2) == 0 {
				block[j] = -block[j]
			}
		}
		sizes[i] = math.Abs(stats.Median(block))
	}
	slices.Sort(sizes)
	return math.Exp(sizes[int(noiseShare*blocks)]) - 1
}

// point finds a test's noise; nil where there is none.
func (n *Noise) point(t Test) *Point {
	if n == nil {
		return nil
	}
	for i := range n.Points {
		if n.Points[i].Cell == t.Cell && n.Points[i].Metric == t.Metric {
			return &n.Points[i]
		}
	}
	return nil
}

// leastEffect is 0 for a test the noise does not hold.
func (n *Noise) leastEffect(t Test) float64 {
	if p := n.point(t); p != nil {
		return p.LeastEffect
	}
	return 0
}

// Fits says why the noise cannot serve a run with this environment, spec and number of
// rounds; nil when it can. Such an error wraps ErrOtherNoise.
func (n *Noise) Fits(environment results.Environment, specSHA256 string, rounds int) error {
	switch {
	case n.SchemaVersion != NoiseSchemaVersion:
		return fmt.Errorf("%w: schema version %d, this program reads %d", ErrOtherNoise,
			n.SchemaVersion, NoiseSchemaVersion)
	case n.Kernel != environment.Kernel || n.CPUModel != environment.CPUModel || n.CPUs != environment.CPUs:
		return fmt.Errorf("%w: it is of %d × %s with Linux %s", ErrOtherNoise, n.CPUs, n.CPUModel, n.Kernel)
	case n.SpecSHA256 != specSHA256:
		return fmt.Errorf("%w: it is of another version of the spec", ErrOtherNoise)
	case n.Rounds != rounds:
		return fmt.Errorf("%w: it is for %d rounds, not %d", ErrOtherNoise, n.Rounds, rounds)
	}
	return nil
}

// ReadNoise reads a noise file. Absence satisfies errors.Is(err, fs.ErrNotExist).
func ReadNoise(path string) (*Noise, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read noise: %w", err)
	}
	var n Noise
	if err := json.Unmarshal(text, &n); err != nil {
		return nil, fmt.Errorf("read noise %s: %w", path, err)
	}
	for _, p := range n.Points {
		if !(p.LeastEffect >= 0 && p.Sigma >= 0) {
			return nil, fmt.Errorf("read noise %s: %s, %s: effects below zero", path, p.Cell, p.Metric)
		}
	}
	return &n, nil
}

// Write stores the noise, whole or not at all.
func (n *Noise) Write(path string) error { return writeJSON(path, n) }

func writeJSON(path string, document any) error {
	text, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.WriteFile(path+".tmp", append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(path+".tmp", path)
}
