package gate

import "fmt"

// perKey is by how much one side's own count of its memory grew per record while it was
// loaded; servers that count none are left out.
func (b Block) perKey(cell Cell, side int) map[string]float64 {
	records := cell.Trial.Workload.Records
	name := fmt.Sprintf("%s, %d B values, %d keys", cell.System.Name, cell.Trial.Cell.ValueBytes, records)
	return map[string]float64{name: b.Bytes[side] / float64(records)}
}
