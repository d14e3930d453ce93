package plots

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"bpfdb/plots/summary"
)

// Figures lays out every figure the data gives, in the order of its panels. What is a
// point of a sweep is drawn in the sweep's figures and not as bars again.
func Figures(d *summary.Data) []*Figure {
	var figures []*Figure
	for _, panel := range d.Panels {
		if !d.Swept(panel) {
			for _, metric := range servedMetrics(panel) {
				figures = append(figures, servedFigure(d, panel, metric))
			}
			figures = append(figures, ablationFigures(d, panel)...)
			figures = append(figures, spectrumFigures(d, panel)...)
		}
		figures = append(figures, timelineFigures(d, panel)...)
	}
	for _, sweep := range d.Sweeps() {
		figures = append(figures, sweepFigures(d, sweep)...)
	}
	return append(figures, engineFigures(d)...)
}

// Write draws the figures into dir as SVG, PNG and PDF, making dir if needed, and returns
// the paths it wrote.
func Write(figures []*Figure, dir string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("write figures: %w", err)
	}
	var paths []string
	for _, f := range figures {
		for _, format := range []struct {
			ending string
			write  func(io.Writer) error
		}{{".svg", f.WriteSVG}, {".png", f.WritePNG}, {".pdf", f.WritePDF}} {
			path := filepath.Join(dir, f.Name+format.ending)
			if err := writeFile(path, format.write); err != nil {
				return nil, fmt.Errorf("write figure %s: %w", path, err)
			}
			paths = append(paths, path)
		}
	}
	return paths, nil
}

func writeFile(path string, write func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(file); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
