// Package config reads itmsbot.yaml, the one file that says which estate a bot
// looks after, who may do what, and in which channel.
//
// It promises that a configuration it returns is whole and means one thing: an
// unknown or repeated key, a second document, a number where text is meant, a
// missing secret or a combination that cannot work is an error that shows file,
// line and column, and nothing is returned beside it. Keys that would do
// nothing are refused. Secrets are never in the file: it names an environment
// variable or a file for each, and what is read from there appears in no error,
// no digest and no printed value.
//
// The file has one set of Go types. The decoder, the JSON Schema that editors
// use and the documented example all follow from their tags.
//
// The package reaches no host and no workspace; it knows neither Slack's nor
// Windows' protocols, only how the names of their things are spelled.
package config
