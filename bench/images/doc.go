// Package images measures how fast images are taken in and read back, against Apache Kafka, ClickHouse and MinIO on the same
// machine, client included:
//
//	go test ./bench/images -count=1 -v -timeout 2h -args -long
//
// Without -long each measure takes seconds and only shows that it works. What is printed is what a client sees: images and
// bytes a second that were acknowledged, and the time from sent to acknowledged; then reads by id through the API. Pictures
// cannot be compressed.
package images
