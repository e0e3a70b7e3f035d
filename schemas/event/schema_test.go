package event

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func compiledSchema(t testing.TB) *jsonschema.Schema {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(JSONSchema()))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("scans.json", document))
	schema, err := compiler.Compile("scans.json")
	require.NoError(t, err)
	return schema
}

func validate(t require.TestingT, schema *jsonschema.Schema, text []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	return schema.Validate(value)
}

func TestJSONSchema(t *testing.T) {
	schema := compiledSchema(t)
	for _, good := range []string{
		goodEvent, "[" + goodEvent + "]", "[]", `{"msgGrpId":"1","msgSerNbr":1,"totMsgCnt":"1","recCnt":1,"totRecCnt":1,"events":[` + goodEvent + `]}`,
		`{"imb":12345678901234567890,"scanDatetime":"2026-11-20 14:03:22","scanFacilityZip":501,"stcDate":null,"new":{}}`,
		`{"bars":"ADFT?","scanDatetime":"2026-11-20T14:03:22.5z","scanLocaleKey":"V1"}`,
	} {
		require.NoError(t, validate(t, schema, []byte(good)), good)
	}
	for _, bad := range []string{
		`5`, `{}`, `[{}]`, `{"events":[{}]}`, `{"events":5}`,
		`{"imb":"1","scanDatetime":"2026-11-20T14:03:22Z","machineId":"1"}`,
		`{"imb":"12345678901234567890","scanDatetime":"20.11.2026","machineId":"1"}`,
		`{"imb":"12345678901234567890","scanDatetime":"2026-11-20T14:03:22Z"}`,
		`{"imb":"12345678901234567890","scanDatetime":"2026-11-20T14:03:22Z","machineId":"1234567890123456"}`,
		`{"imb":"12345678901234567890","scanDatetime":"2026-11-20T14:03:22Z","machineId":true}`,
		`{"imb":"12345678901234567890","scanDatetime":"2026-11-20T14:03:22Z","machineId":"1","pieceCount":-1}`,
		`{"imb":"12345678901234567890","scanDatetime":"2026-11-20T14:03:22Z","machineId":"1","stcDate":20261120}`,
	} {
		require.Error(t, validate(t, schema, []byte(bad)), bad)
	}
}

// TestJSONSchemaAllowsWhatIsAccepted: the schema may be wider than Check, never narrower.
func TestJSONSchemaAllowsWhatIsAccepted(t *testing.T) {
	schema := compiledSchema(t)
	rapid.Check(t, func(t *rapid.T) {
		fields := map[string]string{}
		for f, text := range valuesOf(drawGood(t)) {
			fields[f.String()] = text
		}
		text, err := json.Marshal(fields)
		require.NoError(t, err)
		require.NoError(t, validate(t, schema, text))
	})
}
