package race

import (
	"fmt"
	"slices"
	"strings"
)

// column is one measure of the table at the end.
type column struct {
	title string
	of    func(result) float64
	form  func(float64) string
}

func columns(events uint64) []column {
	whole := func(x float64) string { return grouped(uint64(x + 0.5)) }
	tenth := func(x float64) string { return fmt.Sprintf("%.1f", x) }
	mib := func(bytes int64) float64 { return float64(bytes) / (1 << 20) }
	return []column{
		{"rows/s", func(r result) float64 { return float64(events) / r.took.Seconds() }, whole},
		{"rows per CPU s of consumer + server", func(r result) float64 { return float64(events) / (r.consumer + r.server) }, whole},
		{"CPU s consumer", func(r result) float64 { return r.consumer }, tenth},
		{"CPU s server", func(r result) float64 { return r.server }, tenth},
		{"CPU s server afterwards", func(r result) float64 { return r.afterwards }, tenth},
		{"CPU s broker", func(r result) float64 { return r.broker }, tenth},
		{"peak MiB both", func(r result) float64 { return mib(r.memory.both) }, whole},
		{"peak MiB consumer", func(r result) float64 { return mib(r.memory.consumer) }, whole},
		{"peak MiB server", func(r result) float64 { return mib(r.memory.server) }, whole},
		{"VmHWM MiB consumer", func(r result) float64 { return mib(r.consumerMost) }, whole},
		{"VmHWM MiB server", func(r result) float64 { return mib(r.serverMost) }, whole},
		{"bytes/row", func(r result) float64 { return float64(r.settled.bytes) / float64(events) }, tenth},
		{"bytes/row, one part a partition", func(r result) float64 { return float64(r.merged.bytes) / float64(events) }, tenth},
		{"bytes/row with all tables", func(r result) float64 { return float64(r.all.bytes) / float64(events) }, tenth},
		{"parts loaded", func(r result) float64 { return float64(r.loaded.count) }, whole},
		{"parts settled", func(r result) float64 { return float64(r.settled.count) }, whole},
	}
}

// table prints the results as a table in Markdown, a line for each measure: for each entry the median, and behind it
// every run.
func table(mail content, results []result) string {
	var names []string
	by := map[string][]result{}
	for _, r := range results {
		if by[r.name] == nil {
			names = append(names, r.name)
		}
		by[r.name] = append(by[r.name], r)
	}
	var out strings.Builder
	line := func(title string, cell func(all []result) string) {
		out.WriteString("| " + title + " |")
		for _, name := range names {
			out.WriteString(" " + cell(by[name]) + " |")
		}
		out.WriteString("\n")
	}
	line("median (every run)", func(all []result) string { return all[0].name })
	line("---", func([]result) string { return "---" })
	for _, c := range columns(mail.rows) {
		line(c.title, func(all []result) string {
			var values []float64
			var every []string
			for _, r := range all {
				values = append(values, c.of(r))
				every = append(every, c.form(c.of(r)))
			}
			return fmt.Sprintf("%s (%s)", c.form(median(values)), strings.Join(every, ", "))
		})
	}
	line("merges settled", func(all []result) string { return each(all, func(r result) string { return yes(r.quiet) }) })
	line("rows", func(all []result) string { return each(all, func(r result) string { return grouped(r.content.rows) }) })
	line("hash of all fields", func(all []result) string {
		return each(all, func(r result) string { return fmt.Sprintf("%016x", r.content.hash) })
	})
	line("every message as it was written", func(all []result) string {
		return each(all, func(r result) string { return yes(r.content == mail) })
	})
	return out.String()
}

// each tells what all runs have in common, or every run's where they differ.
func each(all []result, of func(result) string) string {
	var texts []string
	for _, r := range all {
		texts = append(texts, of(r))
	}
	if len(slices.Compact(slices.Clone(texts))) == 1 {
		return texts[0]
	}
	return strings.Join(texts, ", ")
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func median(values []float64) float64 {
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}
