"""Problems, origins and pictures as text and as data; nothing here prints."""
