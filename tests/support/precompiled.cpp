// The one source of the libraries that carry precompiled headers.
