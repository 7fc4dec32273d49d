#!/bin/sh
#
# Question:      Debian 12 has Redis 7.0 and hiredis 0.14.  A program asks that
#                Redis with that hiredis for the documentation of one of its
#                commands, COMMAND DOCS GEOSEARCH.  What does it get?
# Likely guess:  a nested array, as for COMMAND DOCS GET: a reply is a reply.
# Truth:         NULL, and "No support for nested multi bulk replies with depth
#                > 7": hiredis 0.14 reads arrays in arrays up to a depth that is
#                compiled in, and arguments of arguments go deeper.  It is not
#                the command that fails, the connection does: what is asked
#                after it gets NULL as well, until the program connects anew.
#                It is so for 7 of 366 commands, and for COMMAND DOCS without a
#                name.
# Source:        Redis' page of COMMAND DOCS, which says that arguments nest;
#                hiredis, read.c, processMultiBulkItem(); its issues 143, the
#                limit is not documented, and 421.

set -eu

cd "$(dirname "$0")"
# shellcheck source=findings/lib/redis.inc
. lib/redis.inc

# shellcheck disable=SC2154 # of the file above
cat > "$dir/docs.c" <<'EOS'
#include <stdio.h>
#include <string.h>
#include <hiredis/hiredis.h>


/* whether there is a reply, and none that is an error */

static int
ask(redisContext *c, const char *command, int tell)
{
    int          good;
    redisReply  *reply;

    reply = redisCommand(c, command);
    good = reply && reply->type != REDIS_REPLY_ERROR;

    if (tell) {
        printf("%s: %s%s\n", command, good ? "a reply" : "NULL, ",
               reply ? reply->type == REDIS_REPLY_ERROR ? reply->str : ""
                     : c->errstr);
    }

    if (reply) {
        freeReplyObject(reply);
    }

    return good;
}


int
main(int argc, char **argv)
{
    int            good;
    char           command[128];
    size_t         i, deep;
    redisReply    *list;
    redisContext  *c = redisConnectUnix(argv[1]), *d;

    list = redisCommand(c, "COMMAND LIST");

    for (deep = 0, i = 0; i < list->elements; i++) {
        snprintf(command, sizeof(command), "COMMAND DOCS %s",
                 list->element[i]->str);

        d = redisConnectUnix(argv[1]);
        deep += !ask(d, command, 0);
        redisFree(d);
    }

    printf("%zu of %zu commands have no COMMAND DOCS\n", deep, list->elements);

    good = deep > 0 && deep < list->elements
           && ask(c, "COMMAND DOCS GET", 1)
           && !ask(c, "COMMAND DOCS GEOSEARCH", 1)
           && strstr(c->errstr, "depth > 7")
           && !ask(c, "PING", 1);

    d = redisConnectUnix(argv[1]);
    good &= !ask(d, "COMMAND DOCS", 1) && strstr(d->errstr, "depth > 7");

    freeReplyObject(list);
    redisFree(c);
    redisFree(d);

    return !good;
}
EOS

build docs -lhiredis

"$dir/docs" "$dir/redis.sock" || {
    echo "That is not what was seen before."
    exit 1
}
