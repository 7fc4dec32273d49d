/*
 * Links as people, calendars and mail gateways hand them on: what stands
 * around a link is taken away, and what it is wrapped in.
 */

#ifndef ZOOM_LINK_H_INCLUDED
#define ZOOM_LINK_H_INCLUDED


#include "zoom_string.h"


#define ZOOM_LINK_MAX  2048


/* All strings point into "text", the scheme aside. */

typedef struct {
    unsigned char         text[ZOOM_LINK_MAX];
    size_t                len;
    zoom_str_t            whole;     /* without what stands around it */
    zoom_str_t            scheme;    /* "https://" and the like, "//", or
                                        empty where there was none */
    zoom_str_t            host;      /* without a port or a dot at its end */
    zoom_str_t            path;
    zoom_str_t            query;
    zoom_str_t            fragment;
    zoom_str_t            after;     /* what stands behind the link as it was
                                        sent, wrapped or not */
} zoom_link_t;


/*
 * Copies and splits a link.  HTML's entities are characters again; white
 * space, invisible characters and brackets around it are dropped.  0, or -1 if
 * it is over 2,048 bytes or no link: a scheme that is neither https, http,
 * zoommtg nor zoomus, or a host with anything but letters, digits, "-" and "."
 * in it, such as a user's name.
 */

int zoom_link_init(zoom_link_t *l, zoom_str_t text);

/*
 * Puts the link that is wrapped in this one in its place.  0, or -1 if it is
 * in none of the wrappers that we know, or what is in there is no link.
 */

int zoom_link_unwrap(zoom_link_t *l);

/* 1 if "host" is one of these domains, separated by a space, or below one. */
int zoom_link_in(zoom_str_t host, const char *domains);

/*
 * The value of a parameter, still encoded; ASCII case of its name is ignored.
 * 0, or -1 if it is empty, not there, or there twice: who knows which one
 * counts.
 */

int zoom_link_param(zoom_str_t query, const char *separators,
    const char *name, zoom_str_t *value);

/* Appends "s" decoded; a "%" that begins no escape stays as it is. */
void zoom_link_unescape(zoom_buf_t *b, zoom_str_t s);

/* 1 if every "%" begins an escape. */
int zoom_link_escaped(zoom_str_t s);

/* Length of the white space or invisible character that "s" begins with. */
size_t zoom_link_blank(zoom_str_t s);

/* Cuts off, and returns, what stands before one of these characters. */
zoom_str_t zoom_link_until(zoom_str_t *s, const char *of);

/* Cuts off n bytes. */
void zoom_link_cut(zoom_str_t *s, size_t n);

/* 1, and cuts it off, if "s" begins with "word".  ASCII case is ignored. */
int zoom_link_skip(zoom_str_t *s, const char *word);


#endif /* ZOOM_LINK_H_INCLUDED */
