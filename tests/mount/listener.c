/*
 * listener SOCKET - prints the first datagram that comes to a Unix socket it makes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char text[256];
	ssize_t got;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (argc != 2 || strlen(argv[1]) >= sizeof(address.sun_path) || fd < 0)
		return EXIT_FAILURE;
	strcpy(address.sun_path, argv[1]);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return EXIT_FAILURE;
	got = recv(fd, text, sizeof(text), 0);
	(void)close(fd);
	return got < 0 || printf("%.*s\n", (int)got, text) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
