#include <ngx_config.h>
#include <ngx_core.h>

#if (NGX_HTTP_ZOOM_HIREDIS)

#include "ngx_http_zoom_redis_advice.h"


/* What an operator can do, by how an answer begins. */

static const struct {
    const char                    *word;
    const char                    *advice;
} ngx_http_zoom_redis_advices[] = {
    { "Connection refused", "check that it runs, and listens at that address "
                            "(\"bind\")" },
    { "no answer", "look for a firewall, or for what keeps it busy" },
    { "Protocol error", "let \"zoom_store\" name the port of a Redis or "
                        "Valkey; one with TLS is \"rediss://\"" },
    { "DENIED", "give its default user a password (\"requirepass\"), or turn "
                "\"protected-mode\" off" },
    { "ERR DB index", "let \"zoom_store\" name a database that it has "
                      "(\"databases\")" },
    { "ERR The user executing", "give its user the ACL of docs/fleet.md, with "
                                "the channel of \"prefix=\"" },
    { "NOAUTH", "give \"zoom_store\" a \"password=\"" },
    { "WRONGPASS", "check \"user=\" and \"password=\" of \"zoom_store\"" },
    { "NOPERM", "give its user the ACL of docs/fleet.md, for the keys and the "
                "channel of \"prefix=\"" },
    { "READONLY", "let \"zoom_store\" name the primary, not a replica" },
    { "MASTERDOWN", "let \"zoom_store\" name the primary, not a replica" },
    { "OOM", "give it more memory, and let it evict (\"maxmemory-policy\")" },
    { "MISCONF", "it can't save its data: see its own log" },
    { "BUSY", "a script of somebody's blocks it: see its own log" },
    { "LOADING", "it reads its data, and will be back by itself" },
    { "MOVED", "it is a cluster, use one Redis or Valkey that is none" },
    { "REPLICA", "it asks the sentinels again until they have made one" },
    { "SENTINELS", "check the sentinels of \"zoom_store\", and the name" },
    { "TLS certificate", "check \"trusted_certificate=\" and the host of "
                         "\"zoom_store\"" },
    { "TLS handshake", "check that \"zoom_store\" names a port with TLS, "
                       "and that no client certificate is asked for" },
    { "could not resolve", "check \"resolver\" and the host of "
                           "\"zoom_store\"" },
    { "answers with more", "let \"zoom_store\" name a Redis or Valkey, and "
                           "give the fleet a \"prefix=\" that nobody else "
                           "uses" },
    { "ERR invalid password", "check \"password=\" of \"zoom_store\"" },
    { NULL, NULL }
};


const char *
ngx_http_zoom_redis_advice(const u_char *reason)
{
    ngx_uint_t  i;

    for (i = 0; ngx_http_zoom_redis_advices[i].word; i++) {
        if (ngx_strncmp(reason, ngx_http_zoom_redis_advices[i].word,
                        ngx_strlen(ngx_http_zoom_redis_advices[i].word))
            == 0)
        {
            return ngx_http_zoom_redis_advices[i].advice;
        }
    }

    return NULL;
}

#endif
