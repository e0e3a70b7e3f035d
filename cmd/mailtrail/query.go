package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/spf13/cobra"

	"mailtrail/cmd/mailtrail/config"
	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/sinks/clickhouse"
)

// tableRows is the most rows that a table shows: it is kept in memory until its end, and nobody reads more of it.
const tableRows = 1000

func newQueryCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   `query ["SQL"]`,
		Short: "Ask SQL",
		Long: `query asks ClickHouse as the configured user; where none is configured, the embedded server is asked as
the auditor, who may read everything and change nothing. Names without a database are the public views: scans,
pieces, blocks, retention_status and others (SHOW TABLES lists them). Without an argument, or with -, the SQL is
read from standard input. Lists, maps and tuples are printed as JSON.`,
		Example: `  mailtrail query "SELECT scanFacilityName, count() AS scans FROM scans GROUP BY 1 ORDER BY 2 DESC LIMIT 10"
  mailtrail query --format csv < daily.sql > daily.csv`,
		Args: cobra.MaximumNArgs(1),
	}
	format := addFormatFlag(command)
	command.RunE = func(c *cobra.Command, args []string) error {
		text, err := a.sqlText(args)
		if err != nil {
			return err
		}
		return a.query(c.Context(), text, *format)
	}
	return command
}

// sqlText is the argument, or what stands on standard input.
func (a *app) sqlText(args []string) (string, error) {
	text := ""
	if len(args) == 1 && args[0] != "-" {
		text = args[0]
	} else {
		if file, ok := a.stdin.(*os.File); ok && len(args) == 0 && isTerminal(file) {
			return "", wrongUsage(`expected SQL as the argument, as in mailtrail query "SELECT count() FROM scans", or on standard input`)
		}
		read, err := io.ReadAll(a.stdin)
		if err != nil {
			return "", fmt.Errorf("read the SQL from standard input: %w", err)
		}
		text = string(read)
	}
	if text = strings.TrimSpace(text); text == "" {
		return "", wrongUsage("expected SQL, and there is none")
	}
	return text, nil
}

func (a *app) query(ctx context.Context, text string, format rowFormat) error {
	r, err := a.plainRole()
	if err != nil {
		return err
	}
	rules, err := r.rules()
	if err != nil {
		return err
	}
	store, err := openClickHouse(r.config, rules, embedded.Auditor)
	if err != nil {
		return err
	}
	defer store.Close()
	answer, err := ask(ctx, store, text, format)
	if err != nil {
		return refusedQuery(r.config, err)
	}
	defer answer.Close()
	return a.writeAnswer(answer, format, func(err error) error { return refusedQuery(r.config, err) })
}

// ask sends the SQL. For a table the server itself stops soon: a client that leaves in the middle of an answer takes the
// embedded engine with it. A user who may not change settings gets all rows sent.
func ask(ctx context.Context, store *clickhouse.Store, text string, format rowFormat) (*clickhouse.Rows, error) {
	if format == "table" {
		answer, err := store.Query(ch.Context(ctx, ch.WithSettings(ch.Settings{"limit": tableRows + 1})), text)
		var exception *ch.Exception
		if !errors.As(err, &exception) || exception.Code != readOnly {
			return answer, err
		}
	}
	return store.Query(ctx, text)
}

// writeAnswer prints the rows; failed explains an error of reading them.
func (a *app) writeAnswer(answer *clickhouse.Rows, format rowFormat, failed func(error) error) error {
	out := bufio.NewWriter(a.stdout)
	defer out.Flush() // what came before an error is shown too
	var names []string
	for _, column := range answer.Columns {
		names = append(names, column.Name)
	}
	rows, err := newRowWriter(out, format, names...)
	if err != nil {
		return err
	}
	count := 0
	for values, err := range answer.All() {
		if err != nil {
			return failed(err)
		}
		if count++; format == "table" && count > tableRows {
			continue
		}
		for i := range values {
			values[i] = cellValue(answer.Columns[i].Type, values[i], format)
		}
		if err := rows.Row(values...); err != nil {
			return err
		}
	}
	if err := rows.Close(); err != nil {
		return err
	}
	if format == "table" && count > tableRows {
		fmt.Fprintf(a.stderr, "only the first %d rows are shown: --format json or csv gives all of them\n", tableRows)
	}
	return out.Flush()
}

// refusedQuery says in one sentence what the server has against the SQL; any other failure is one of reaching the server.
func refusedQuery(c *config.Loaded, err error) error {
	var exception *ch.Exception
	if errors.As(err, &exception) && exception.Code != authenticationFailed {
		return fmt.Errorf("ClickHouse refuses the query: %s (code %d)", sentence(exception.Message), exception.Code)
	}
	return atClickHouse(c, err)
}

// The server's codes that are told apart.
const (
	readOnly             = 164 // the user may change no settings
	authenticationFailed = 516 // wrong user or password
)

// atClickHouse says which server a failure is about, and under which key it was configured.
func atClickHouse(c *config.Loaded, err error) error {
	return fmt.Errorf("ClickHouse on %s (clickhouse.addr): %w", strings.Join(config.Strings(c.ClickHouse.Addr), ", "), err)
}

var versionAtEnd = regexp.MustCompile(`\s*\(version [^()]*(\([^()]*\))?\)$`)

// longestSentence bounds what is shown of a server's message, in bytes: some list every function there is.
const longestSentence = 600

// sentence is a server's message without its list of all that the parser could have taken, its version and its stack.
func sentence(message string) string {
	message, _, _ = strings.Cut(message, "Stack trace:")
	message = strings.Join(strings.Fields(message), " ")
	message, _, _ = strings.Cut(message, " Expected one of:")
	message = strings.TrimRight(versionAtEnd.ReplaceAllString(message, ""), " .")
	if len(message) > longestSentence {
		message = strings.ToValidUTF8(message[:longestSentence], "") + " ..."
	}
	return message
}
