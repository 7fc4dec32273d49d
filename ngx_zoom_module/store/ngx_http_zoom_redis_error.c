#include <ngx_config.h>
#include <ngx_core.h>

#if (NGX_HTTP_ZOOM_HIREDIS)

#include "ngx_http_zoom_redis_error.h"


static ngx_uint_t ngx_http_zoom_redis_error_word(const u_char *p,
    const u_char *last);


static const char *const  ngx_http_zoom_redis_error_words[] = {
    "LOADING", "READONLY", "OOM", "BUSY", "MISCONF", "NOREPLICAS",
    "NOAUTH", "WRONGPASS", "NOPERM", "DENIED", "NOSCRIPT", "MASTERDOWN",
    "CLUSTERDOWN", "MOVED", "ASK", "TRYAGAIN", "CROSSSLOT"
};


/* Redis 6 puts what a command in a script has answered behind Lua's words. */

ngx_uint_t
ngx_http_zoom_redis_error_whole(const char *text, size_t len)
{
    u_char  *p, *last;

    p = (u_char *) text;
    last = p + len;

    if (ngx_http_zoom_redis_error_word(p, last)) {
        return 1;
    }

    if (len < 4 || ngx_strncmp(p, "ERR ", 4) != 0) {
        return 0;
    }

    for ( ;; ) {
        p = ngx_strlchr(p, last, ':');

        if (p == NULL) {
            return 0;
        }

        while (p < last && (*p == ':' || *p == ' ' || *p == '-')) {
            p++;
        }

        if (ngx_http_zoom_redis_error_word(p, last)) {
            return 1;
        }
    }
}


static ngx_uint_t
ngx_http_zoom_redis_error_word(const u_char *p, const u_char *last)
{
    size_t      len;
    ngx_uint_t  i;

    for (len = 0; p + len < last && p[len] >= 'A' && p[len] <= 'Z'; len++) {
        /* void */
    }

    for (i = 0; i < sizeof(ngx_http_zoom_redis_error_words)
                    / sizeof(ngx_http_zoom_redis_error_words[0]);
         i++)
    {
        if (ngx_strlen(ngx_http_zoom_redis_error_words[i]) == len
            && ngx_memcmp(ngx_http_zoom_redis_error_words[i], p, len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


const char *
ngx_http_zoom_redis_error_advice(const u_char *text)
{
    if (ngx_strncmp(text, "WRONGTYPE", 9) == 0) {
        return "that key, or one that goes with it, is not this module's; "
               "delete it, or use another \"prefix=\"";
    }

    if (ngx_strstr(text, "can't run this command")
        || ngx_strstr(text, "ACL failure"))
    {
        return "let its user run the commands of docs/fleet.md";
    }

    return "it must be Redis 7 or Valkey 8 or later, and its own log may tell "
           "more";
}


void
ngx_http_zoom_redis_error_text(u_char *buf, size_t size, const char *text,
    size_t len)
{
    u_char  *p;

    len = ngx_min(len, size - 1);
    *ngx_cpymem(buf, text, len) = '\0';

    /* Redis repeats a command that it does not know, a password with it */

    p = (u_char *) ngx_strstr(buf, ", with args");

    if (p) {
        *p = '\0';
    }

    for (p = buf; *p; p++) {
        if (*p < ' ' || *p == 0x7f) {
            *p = '?';
        }
    }
}

#endif
