#!/bin/sh
#
# Question:      a client of hiredis 0.14's asynchronous API has subscribed to a
#                channel, and sends PING now and then to see whether its
#                connection is alive, which Redis allows.  What does the
#                callback of a PING get?
# Likely guess:  an array, "pong" and "", which is what Redis sends to a
#                subscriber.
# Truth:         nothing, as long as the connection lives: redisAsyncCommand()
#                returns REDIS_OK, Redis answers, hiredis reads the answer and
#                drops it without a word, and messages go on.  It takes an array
#                for a message: from the "p" of "pong" it looks for a pattern
#                that was subscribed to.  Only when the context is freed the
#                callbacks come, with NULL.  Who takes silence for death closes
#                a good connection; SUBSCRIBE to the same channel once more is
#                answered.
# Source:        Redis' page of PING; hiredis, async.c,
#                __redisGetSubscribeCallback(); its issue 351, and pull request
#                1027, of hiredis 1.1.0, with which PING is answered.

set -eu

cd "$(dirname "$0")"
# shellcheck source=findings/lib/redis.inc
. lib/redis.inc

# shellcheck disable=SC2154 # of the file above
cat > "$dir/ping.c" <<'EOS'
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <hiredis/async.h>

static int  writes, pongs, nulls, subscribed, messages;


static void
want(void *data)
{
    writes = 1;
}


static void
unwant(void *data)
{
    writes = 0;
}


static void
nothing(void *data)
{
}


static void
answered(redisAsyncContext *ac, void *reply, void *data)
{
    reply ? pongs++ : nulls++;
}


static void
heard(redisAsyncContext *ac, void *data, void *privdata)
{
    redisReply  *reply = data;

    if (reply) {
        strcmp(reply->element[0]->str, "message") ? subscribed++ : messages++;
    }
}


/* until there is nothing to read or write for half a second */

static void
run(redisAsyncContext *ac, const char *what)
{
    struct pollfd  p = { .fd = ac->c.fd };

    for ( ;; ) {
        p.events = POLLIN | (writes ? POLLOUT : 0);

        if (poll(&p, 1, 500) <= 0) {
            break;
        }

        if (p.revents & POLLOUT) {
            redisAsyncHandleWrite(ac);
        }

        if (p.revents & POLLIN) {
            redisAsyncHandleRead(ac);
        }
    }

    printf("%s: %d pongs, %d nulls, %d subscribed, %d messages\n", what, pongs,
           nulls, subscribed, messages);
}


int
main(int argc, char **argv)
{
    int                 good;
    redisContext       *c = redisConnectUnix(argv[1]);
    redisAsyncContext  *ac = redisAsyncConnectUnix(argv[1]);

    ac->ev.addRead = ac->ev.delRead = ac->ev.cleanup = nothing;
    ac->ev.addWrite = want;
    ac->ev.delWrite = unwant;

    redisAsyncCommand(ac, answered, NULL, "PING");
    run(ac, "PING");
    good = (pongs == 1);

    redisAsyncCommand(ac, heard, NULL, "SUBSCRIBE news");
    run(ac, "SUBSCRIBE");

    good &= redisAsyncCommand(ac, answered, NULL, "PING") == REDIS_OK;
    good &= redisAsyncCommand(ac, answered, NULL, "PING") == REDIS_OK;
    run(ac, "PING twice");

    freeReplyObject(redisCommand(c, "PUBLISH news text"));
    redisAsyncCommand(ac, heard, NULL, "SUBSCRIBE news");
    run(ac, "PUBLISH, SUBSCRIBE");

    good &= (pongs == 1 && nulls == 0 && subscribed == 2 && messages == 1);

    redisAsyncFree(ac);
    redisFree(c);

    printf("freed: %d pongs, %d nulls\n", pongs, nulls);

    return !(good && pongs == 1 && nulls == 2);
}
EOS

build ping -lhiredis

"$dir/ping" "$dir/redis.sock" || {
    echo "That is not what was seen before."
    exit 1
}
