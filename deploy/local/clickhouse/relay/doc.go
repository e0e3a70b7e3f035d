// Package relay stands in front of the native port of a ClickHouse engine that runs as a library.
//
// libchdb ends its whole process when an exception leaves the handshake of the native protocol (a wrong password, code
// 516; a database that does not exist, code 81), and at times when a client resets its connection while the engine reads
// or writes. A mistyped password or a killed client would so take the engine from everybody for seconds. The relay keeps
// both from it:
//
//   - It reads the client's Hello itself, and answers a refusal in ClickHouse's own form and words. Only a Hello that the
//     engine will take is handed on, byte by byte as it came.
//   - After that it copies, without looking. When the client goes, however it goes, the engine sees an orderly end of what
//     it reads, and what it still writes is taken from it until it closes. It never sees a reset.
//
// While no engine answers, a client that has said Hello waits for a few seconds, less than the usual time-outs of clients;
// then its connection is closed, which clients take for a server that is away.
//
// Who may log in is what users.xml says of users with a password. The user default, who has none, is for the engine's own
// session and is refused here.
//
// The Hello is described by ClickHouse in src/Server/TCPHandler.cpp (receiveHello) and src/Core/Protocol.h.
package relay
