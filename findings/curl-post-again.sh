#!/bin/sh
#
# Question:      libcurl 7.88 holds a few idle connections, and a program makes
#                one POST, of a code that is good for one use.  The server reads
#                all of it and closes without an answer, as one that is being
#                restarted does.  How often did the server get the POST?
# Likely guess:  once, and the transfer fails: a POST is not idempotent, so
#                nobody but the program can know whether to repeat it.
# Truth:         once for every idle connection and once more over a new one, up
#                to six times.  Whatever the method, libcurl sends again if
#                nothing came back over a connection that it had reused, and it
#                takes the next idle one, though its verbose text says "retrying
#                a fresh connect".  The program sees one transfer, which fails
#                in the end, or succeeds with what the last of the requests got.
#                With CURLOPT_FRESH_CONNECT the POST is sent once.
# Source:        curl, lib/transfer.c, Curl_retry_request() and its
#                CONN_MAX_RETRIES; curl's pull request 18417, of an option that
#                would forbid it; RFC 9110, section 9.2.2.

set -eu

cd "$(dirname "$0")"
# shellcheck source=findings/lib/debian.inc
. lib/debian.inc

debian 'libcurl4=7.88.1-10*' 'libcurl4-openssl-dev=7.88.1-10*'

# shellcheck disable=SC2154 # of the file above
cat > "$dir/post.c" <<'EOS'
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <curl/curl.h>

#define MANY  8

static int              listening;
static int              expected, gets, posts;
static pthread_mutex_t  mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t   cond = PTHREAD_COND_INITIALIZER;


/* whether there is one more request, with all of its body */

static int
request(int fd, char *text, size_t size)
{
    size_t   len;
    ssize_t  n;

    for (len = 0; ; len += n) {
        text[len] = '\0';

        if (strstr(text, strncmp(text, "POST", 4) ? "\r\n\r\n"
                                                  : "\r\n\r\ncode=once"))
        {
            return 1;
        }

        n = recv(fd, text + len, size - 1 - len, 0);

        if (n <= 0) {
            return 0;
        }
    }
}


/* answers to GET once all are there, each with a connection; none to POST */

static void *
serve(void *data)
{
    int   fd = (int) (long) data;
    char  text[4096];

    static const char  answer[] = "HTTP/1.1 204 No Content\r\n\r\n";

    while (request(fd, text, sizeof(text))) {
        pthread_mutex_lock(&mutex);

        if (strncmp(text, "POST", 4) == 0) {
            posts++;
            pthread_mutex_unlock(&mutex);
            break;
        }

        gets++;
        pthread_cond_broadcast(&cond);

        while (gets < expected) {
            pthread_cond_wait(&cond, &mutex);
        }

        pthread_mutex_unlock(&mutex);
        send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
    }

    close(fd);
    return NULL;
}


static void *
server(void *data)
{
    int        fd;
    pthread_t  thread;

    for ( ;; ) {
        fd = accept(listening, NULL, NULL);

        if (fd >= 0
            && pthread_create(&thread, NULL, serve, (void *) (long) fd) == 0)
        {
            pthread_detach(thread);
        }
    }

    return NULL;
}


static CURL *
add(CURLM *multi, const char *url)
{
    CURL  *easy = curl_easy_init();

    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_multi_add_handle(multi, easy);

    return easy;
}


static void
run(CURLM *multi)
{
    int  running;

    do {
        curl_multi_perform(multi, &running);
        curl_multi_poll(multi, NULL, 0, running ? 100 : 0, NULL);
    } while (running);
}


/* one POST, with connections that are idle */

static int
post(const char *url, int idle, long fresh, int sent, CURLcode result)
{
    int        i, left;
    CURL      *easy, *others[MANY];
    CURLM     *multi = curl_multi_init();
    CURLcode   code;

    expected = idle;
    gets = posts = 0;
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 2L * MANY);

    for (i = 0; i < idle; i++) {
        others[i] = add(multi, url);
    }

    run(multi);

    for (i = 0; i < idle; i++) {
        curl_multi_info_read(multi, &left);
        curl_multi_remove_handle(multi, others[i]);
        curl_easy_cleanup(others[i]);
    }

    easy = add(multi, url);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "code=once");
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, fresh);
    run(multi);

    code = curl_multi_info_read(multi, &left)->data.result;

    printf("%d idle%s: POSTs at the server: %d; the transfer: %s\n", idle,
           fresh ? ", CURLOPT_FRESH_CONNECT" : "", posts,
           curl_easy_strerror(code));

    curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);

    return posts == sent && code == result;
}


int
main(void)
{
    int                 good;
    char                url[64];
    socklen_t           len = sizeof(struct sockaddr_in);
    pthread_t           thread;
    struct sockaddr_in  sin = { .sin_family = AF_INET };

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listening = socket(AF_INET, SOCK_STREAM, 0);

    if (bind(listening, (struct sockaddr *) &sin, len)
        || listen(listening, 64)
        || getsockname(listening, (struct sockaddr *) &sin, &len)
        || pthread_create(&thread, NULL, server, NULL))
    {
        return 77;
    }

    curl_global_init(CURL_GLOBAL_ALL);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", ntohs(sin.sin_port));
    printf("%s\n", curl_version());

    good = post(url, 0, 0, 1, CURLE_GOT_NOTHING);
    good &= post(url, 1, 0, 2, CURLE_GOT_NOTHING);
    good &= post(url, 5, 0, 6, CURLE_GOT_NOTHING);
    good &= post(url, MANY, 0, 6, CURLE_SEND_ERROR);
    good &= post(url, MANY, 1, 1, CURLE_GOT_NOTHING);

    return !good;
}
EOS

build post -lcurl -lpthread

"$dir/post" || {
    echo "That is not what was seen before."
    exit 1
}
