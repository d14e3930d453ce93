package plots

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"bpfdb/plots/summary"
)

// Figures lays out every figure the data gives, in the order of its panels.
func Figures(d *summary.Data) []*Figure {
	var figures []*Figure
	for _, panel := range d.Panels {
		for _, metric := range servedMetrics {
			figures = append(figures, servedFigure(d, panel, metric))
		}
	}
	return append(figures, engineFigures(d)...)
}

// Write draws the figures into dir as SVG and PNG, making dir if needed, and returns the
// paths it wrote.
func Write(figures []*Figure, dir string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("write figures: %w", err)
	}
	var paths []string
	for _, f := range figures {
		for ending, write := range map[string]func(io.Writer) error{".svg": f.WriteSVG, ".png": f.WritePNG} {
			path := filepath.Join(dir, f.Name+ending)
			if err := writeFile(path, write); err != nil {
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
