using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("AvatarBridge.Engine.Tests")]
