// Package config loads and checks mailtrail's configuration.
//
// One struct, [Config], is the only list of keys: its tags carry each key's
// name, default and bounds, and everything else (reading the YAML file, the
// environment, --set, the checks and `config show`) walks that struct.
//
// A value is taken from the last of these that sets it:
//
//  1. the default in the struct tag;
//  2. the YAML file (--config or MAILTRAIL_CONFIG);
//  3. the environment: gateway.tls.cert is MAILTRAIL_GATEWAY_TLS_CERT, a list is
//     comma separated, a list of mappings (verify.waive) is written as in YAML;
//  4. flags: --data, --log-level, --set gateway.tls.cert=FILE.
//
// [Load] reports every mistake it can find at once, as [Mistakes]. A secret
// is never a value of the configuration, only the name of a file that holds it:
// see [SecretFile].
//
// Tags of a field: `key` its name; `default` in the text form of its type;
// `required` it must not be empty; `min` and `max` its bounds in the same text
// form; `oneof` the values allowed; `pattern` and `expect` a regular expression
// and its meaning in words; `secret` its value is masked wherever it is printed;
// `file` it names a file that must exist where the key is used.
package config
