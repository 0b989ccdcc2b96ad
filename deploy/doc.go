// Package deploy holds what docker-compose.yml needs besides the Dockerfile,
// and the test that keeps them true to the code.
package deploy
