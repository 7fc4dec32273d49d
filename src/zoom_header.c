/* Which headers go through the gateway. */

#include "zoom_header.h"


static int zoom_header_in(const zoom_str_t *names, size_t n, zoom_str_t name);


static const zoom_str_t  zoom_header_asked[] = {
    zoom_str("accept"),
    zoom_str("accept-language"),
    zoom_str("content-disposition"),
    zoom_str("content-language"),
    zoom_str("content-type"),
    zoom_str("if-match"),
    zoom_str("if-modified-since"),
    zoom_str("if-none-match"),
    zoom_str("if-range"),
    zoom_str("if-unmodified-since"),
    zoom_str("last-event-id"),
    zoom_str("mcp-protocol-version"),
    zoom_str("mcp-session-id"),
    zoom_str("range"),
    zoom_str("user-agent")
};


static const zoom_str_t  zoom_header_answered[] = {
    zoom_str("accept-ranges"),
    zoom_str("allow"),
    zoom_str("cache-control"),
    zoom_str("content-disposition"),
    zoom_str("content-encoding"),
    zoom_str("content-language"),
    zoom_str("content-range"),
    zoom_str("content-type"),
    zoom_str("deprecation"),
    zoom_str("etag"),
    zoom_str("expires"),
    zoom_str("last-modified"),
    zoom_str("link"),
    zoom_str("location"),
    zoom_str("mcp-protocol-version"),
    zoom_str("mcp-session-id"),
    zoom_str("retry-after"),
    zoom_str("sunset"),
    zoom_str("vary"),
    zoom_str("warning"),
    zoom_str("x-ratelimit-category"),
    zoom_str("x-ratelimit-limit"),
    zoom_str("x-ratelimit-remaining"),
    zoom_str("x-ratelimit-type"),
    zoom_str("x-zm-trackingid")
};


int
zoom_header_asks(zoom_str_t name)
{
    return zoom_header_in(zoom_header_asked,
                          sizeof(zoom_header_asked)
                          / sizeof(zoom_header_asked[0]), name);
}


int
zoom_header_answers(zoom_str_t name)
{
    return zoom_header_in(zoom_header_answered,
                          sizeof(zoom_header_answered)
                          / sizeof(zoom_header_answered[0]), name);
}


static int
zoom_header_in(const zoom_str_t *names, size_t n, zoom_str_t name)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (zoom_str_eq(name, names[i])) {
            return 1;
        }
    }

    return 0;
}
